"""Whether common oxidation states of the elements can add up to zero."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product

import numpy as np
from jaxtyping import Bool, Int

__all__ = ('are_charge_balanced',)

_MOST_CHOICES = 1 << 16  # of oxidation states that are tried


def are_charge_balanced(
    elements: Sequence[int], amounts: Int[np.ndarray, 'compositions elements']
) -> Bool[np.ndarray, ' compositions']:
    """Return for which compositions each element can have one of its common oxidation states.

    Elements alone are balanced; alloys and intermetallic compounds mostly are not, though they
    exist.

    :param elements: atomic numbers.
    :param amounts: atoms of each element.
    """
    from pymatgen.core import Element

    if len(elements) == 1:
        return np.ones(len(amounts), dtype=bool)
    states = [Element.from_Z(int(number)).common_oxidation_states or (0,) for number in elements]
    choices = np.array(list(islice(product(*states), _MOST_CHOICES)))
    return (amounts @ choices.T == 0).any(axis=1)

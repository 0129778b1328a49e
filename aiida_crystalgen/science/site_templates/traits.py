"""How alike elements are when it comes to the structures of their compounds."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float32

__all__ = ('element_traits', 'trait_distances')

_LAST = 103  # element with known traits


def element_traits() -> Float32[np.ndarray, 'elements traits']:
    """Return Pauling electronegativity, atomic radius and Pettifor's number by atomic number.

    Each is in standard deviations from the mean of all elements; what is not known is the mean.
    The numbers order the elements so that neighbours form the same structures: D. G. Pettifor,
    Solid State Communications 51, 31 (1984), doi:10.1016/0038-1098(84)90765-8.
    """
    from pymatgen.core import Element

    elements = [Element.from_Z(number) for number in range(1, _LAST + 1)]
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'No Pauling electronegativity', UserWarning)
        known = [(one.X, one.atomic_radius, one.mendeleev_no) for one in elements]
    table = np.array(
        [[np.nan if value is None else float(value) for value in one] for one in known]
    )
    table = (table - np.nanmean(table, axis=0)) / np.nanstd(table, axis=0)
    result = np.zeros((_LAST + 1, table.shape[1]), dtype=np.float32)
    result[1:] = np.nan_to_num(table)
    return result


def trait_distances(
    traits: Float32[np.ndarray, 'elements traits'], numbers: list[int]
) -> Float32[np.ndarray, 'chosen 256']:
    """Return how far each chosen element is from every atomic number.

    :param traits: by atomic number; beyond the last, elements are average.
    :param numbers: atomic numbers of the chosen ones.
    """
    table = np.zeros((256, traits.shape[1]), dtype=np.float32)
    table[: len(traits)] = traits
    return np.sqrt(((table[numbers][:, None] - table) ** 2).sum(axis=2))

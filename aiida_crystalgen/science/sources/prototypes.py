"""Crystals of a composition in the shapes that nature is known to prefer.

The shapes are those of the AFLOW library of crystallographic prototypes (M. J. Mehl et al.,
Comput. Mater. Sci. 136, S1 (2017), doi:10.1016/j.commatsci.2017.01.017), which pymatgen holds.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from itertools import permutations
from math import gcd
from typing import Any

import numpy as np
from pymatgen.core import Composition, Element, Structure

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.structures import from_structures, to_structures

__all__ = ('prototype_library', 'prototypes', 'typical_volume')

_CUBIC_CENTIMETRES_PER_MOLE = 1.66054  # Å³
_LARGEST = 200  # atoms: every prototype of the library


def prototypes(composition: str, *, volume_per_atom: float, maximum_atoms: int) -> CrystalSet:
    """Return the composition in every known prototype of its stoichiometry, unrelaxed.

    Elements take each other's places in every way that keeps the formula. Labels name the mineral
    or the original compound, the elements' order where it matters, and the AFLOW prototype.

    :param composition: formula, as in 'Si' or 'SnSe'.
    :param volume_per_atom: that all cells are scaled to, in Å³.
    :param maximum_atoms: prototypes with larger primitive cells are left out.
    :raises ValueError: if the formula is none, the volume is not positive, or no prototype has the
        stoichiometry.
    """
    if volume_per_atom <= 0:
        raise ValueError(f'the volume per atom is {volume_per_atom:g} Å³; it must be positive')
    wanted = _formula(composition)
    labels, structures = [], []
    for entry in prototype_library():
        original = entry['snl'].structure
        if len(original) > maximum_atoms:
            continue
        for assignment in _assignments(original.composition, wanted):
            structure = original.copy()
            structure.replace_species(assignment)
            structure.scale_lattice(volume_per_atom * len(structure))
            structures.append(structure)
            labels.append(_label(original, entry['tags'], assignment))
    if not structures:
        raise ValueError(
            f"no prototype of up to {maximum_atoms} atoms has the stoichiometry of '{composition}'"
        )
    crystals = from_structures(structures, labels)
    source = {
        'kind': 'prototypes',
        'composition': composition,
        'volume_per_atom': volume_per_atom,
        'maximum_atoms': maximum_atoms,
        'citation': 'M. J. Mehl et al., doi:10.1016/j.commatsci.2017.01.017',
    }
    return crystals.with_metadata(source=source)


def prototype_library() -> list[dict[str, Any]]:
    """Return pymatgen's copy of the AFLOW library: structures with tags."""
    with warnings.catch_warnings():
        # Its references are read by bibtexparser, which uses what pyparsing has deprecated.
        warnings.simplefilter('ignore')
        from pymatgen.analysis.prototypes import AFLOW_PROTOTYPE_LIBRARY
    return AFLOW_PROTOTYPE_LIBRARY


def typical_volume(composition: str) -> float:
    """Return an estimate of the volume per atom in Å³, good enough to start relaxations from.

    For an element it is that of its own crystal; for a compound the median over the prototypes of
    what data-mined bond lengths predict (I.-H. Chu et al., Comput. Mater. Sci. 146, 184 (2018),
    doi:10.1016/j.commatsci.2018.01.040).

    :param composition: formula, as in 'Si' or 'SnSe'.
    :raises ValueError: if the formula is none, or the crystal of an element is not known.
    """
    from pymatgen.analysis.structure_prediction.volume_predictor import DLSVolumePredictor

    amounts = _formula(composition)
    volumes = [_elemental_volume(element) for element in amounts]
    mean = float(np.average(volumes, weights=list(amounts.values())))
    if len(amounts) == 1:
        return mean
    crystals = prototypes(composition, volume_per_atom=mean, maximum_atoms=_LARGEST)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'VolumePredictor', UserWarning)
        predictor = DLSVolumePredictor()
        predicted = [predictor.predict(structure) for structure in to_structures(crystals)]
    return float(np.median(np.array(predicted) / crystals.counts))


def _elemental_volume(element: Element) -> float:
    """Return the volume per atom of an element's own crystal in Å³.

    :raises ValueError: if it is not known.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'No data available', UserWarning)
        volume = element.molar_volume
    if not volume:
        raise ValueError(f'the volume of {element.symbol} is not known; give a volume per atom')
    return float(volume) * _CUBIC_CENTIMETRES_PER_MOLE


def _formula(composition: str) -> dict[Element, int]:
    """Return the numbers of atoms in a formula unit, without common divisor.

    :raises ValueError: if the text is no formula of elements in whole numbers.
    """
    try:
        parsed = Composition(composition)
        amounts = {Element(symbol): n for symbol, n in parsed.get_el_amt_dict().items()}
    except ValueError:
        amounts = {}
    if not amounts or any(amount != int(amount) for amount in amounts.values()):
        raise ValueError(
            f"'{composition}' is no formula of elements in whole numbers, as in 'SnSe'"
        )
    return _reduced(amounts)


def _reduced(amounts: Mapping[Element, float]) -> dict[Element, int]:
    """Return the amounts divided by what divides all of them."""
    divisor = gcd(*(int(amount) for amount in amounts.values()))
    return {element: int(amount) // divisor for element, amount in amounts.items()}


def _assignments(
    original: Composition, wanted: Mapping[Element, int]
) -> Iterator[dict[Element, Element]]:
    """Yield every way to put elements in place of the original ones that gives the formula."""
    amounts = _reduced({Element(symbol): n for symbol, n in original.get_el_amt_dict().items()})
    if len(amounts) != len(wanted):
        return
    for elements in permutations(wanted):
        if [wanted[element] for element in elements] == list(amounts.values()):
            yield dict(zip(amounts, elements, strict=True))


def _label(
    original: Structure, tags: Mapping[str, str], assignment: Mapping[Element, Element]
) -> str:
    """Return a name such as 'diamond (A_cF8_227_a)'."""
    name = tags['mineral'].strip()
    if re.fullmatch('|alpha|beta|gamma|delta', name):
        name = f'{name} {original.composition.reduced_formula}'.strip()
    label = f'{name} ({tags["aflow"]})'
    if len(assignment) == 1:
        return label
    places = ' '.join(f'{place}={element}' for place, element in assignment.items())
    return f'{label} {places}'

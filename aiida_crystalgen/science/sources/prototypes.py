"""Crystals of a composition in the shapes that nature is known to prefer.

The shapes are those of the AFLOW library of crystallographic prototypes (M. J. Mehl et al.,
Comput. Mater. Sci. 136, S1 (2017), doi:10.1016/j.commatsci.2017.01.017), which pymatgen holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import permutations

import numpy as np
from pymatgen.core import Composition, Element, Structure

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.structures import from_structures

__all__ = ('prototypes',)


def prototypes(
    composition: str, *, volume_per_atom: float, maximum_atoms: int
) -> CrystalSet:
    """Return the composition in every known prototype of its stoichiometry, unrelaxed.

    Elements take each other's places in every way that keeps the formula. Labels name the mineral
    or the original compound, the elements' order where it matters, and the AFLOW prototype.

    :param composition: formula, as in 'Si' or 'SnSe'.
    :param volume_per_atom: that all cells are scaled to, in Å³.
    :param maximum_atoms: prototypes with larger primitive cells are left out.
    :raises ValueError: if the formula is none, or no prototype has its stoichiometry.
    """
    from pymatgen.analysis.prototypes import AFLOW_PROTOTYPE_LIBRARY

    wanted = _formula(composition)
    labels, structures = [], []
    for entry in AFLOW_PROTOTYPE_LIBRARY:
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

"""The templates that are there without any data set: the AFLOW library of prototypes."""

from __future__ import annotations

import hashlib

import numpy as np

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.sources.prototypes import prototype_library
from aiida_crystalgen.science.structures import from_structures

__all__ = ('content_hash', 'prototype_templates')


def prototype_templates() -> CrystalSet:
    """Return the prototypes of the AFLOW library, as pymatgen holds them, with their elements.

    M. J. Mehl et al., doi:10.1016/j.commatsci.2017.01.017. Labels name mineral or compound, and
    the AFLOW prototype.
    """
    entries = prototype_library()
    labels = []
    for entry in entries:
        name = entry['tags']['mineral'].strip()
        name = name or entry['snl'].structure.composition.reduced_formula
        labels.append(f'{name} ({entry["tags"]["aflow"]})')
    crystals = from_structures([entry['snl'].structure for entry in entries])
    return crystals.with_columns(label=Column(np.array(labels, dtype=np.str_)))


def content_hash(crystals: CrystalSet) -> str:
    """Return a text that tells sets of crystals apart which differ by more than rounding."""
    content = hashlib.sha256()
    for array in (crystals.counts, crystals.atomic_numbers):
        content.update(array.astype('<i8').tobytes())
    for array in (crystals.lattices, crystals.fractional_coordinates):
        content.update((np.round(array, 6) + 0.0).astype('<f8').tobytes())
    return content.hexdigest()[:16]

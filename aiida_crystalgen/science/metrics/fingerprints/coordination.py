"""How likely each atom has how many neighbours, and which, by pymatgen's ``CrystalNN``.

Neighbours are weighted by the solid angles of the faces of the Voronoi cell, corrected for pores,
for differences of electronegativity and for distance. A coordination number is as likely as the
part of a quarter circle between the weights of the last neighbour it has and of the first it has
not. Pan et al., Inorg. Chem. 60, 1590 (2021), doi:10.1021/acs.inorgchem.0c02996.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.fingerprints.voronoi import VoronoiFaces, voronoi_faces

__all__ = ('Coordination', 'coordination')

# The defaults of CrystalNN, which the fingerprint is defined with.
_CUTOFF = 7.0  # Å
_ELECTRONEGATIVITY_WEIGHT = 3.0
_LARGEST_DIFFERENCE = 3.3  # of electronegativities
_NEAR, _FAR = 0.5, 1.0  # Å beyond the sum of radii, where the weight begins to fall and is zero
_DIGITS = 3  # of weights, so that equivalent neighbours have equal ones


@dataclass(frozen=True)
class Coordination:
    """Neighbours of each atom from the likeliest on.

    :param likelihoods: that an atom has 1, 2, … neighbours; what is missing to 1 is for none.
    :param directions: unit vectors to the neighbours, zero beyond the last one.
    """

    likelihoods: Float[np.ndarray, 'atoms neighbors']
    directions: Float[np.ndarray, 'atoms neighbors 3']


def coordination(crystals: CrystalSet) -> Coordination:
    """Return the neighbours of all atoms.

    :raises ValueError: if a cell has no volume or is too small for its images to be listed.
    """
    faces = voronoi_faces(crystals, _CUTOFF)
    weights = np.round(_weights(crystals, faces), _DIGITS)
    distances = np.linalg.norm(faces.vectors, axis=1)
    order = np.lexsort((distances, -weights, faces.centres))
    order = order[weights[order] > 0]
    centres, weights = faces.centres[order], weights[order]
    atoms = len(crystals.atomic_numbers)
    numbers = np.bincount(centres, minlength=atoms)
    ranks = np.arange(len(order)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    table = np.zeros((atoms, numbers.max(initial=0) + 1))
    table[centres, ranks] = weights
    directions = np.zeros((*table[:, 1:].shape, 3))
    directions[centres, ranks] = faces.vectors[order] / distances[order, None]
    areas = table * np.sqrt(1 - table * table) + np.arcsin(table)
    return Coordination(2 / np.pi * (areas[:, :-1] - areas[:, 1:]), directions)


def _weights(crystals: CrystalSet, faces: VoronoiFaces) -> Float[np.ndarray, ' faces']:
    """Return the weight of the neighbour behind each face, at most 1."""
    starts = np.unique(faces.centres, return_index=True)[1]
    numbers = np.diff([*starts, len(faces.centres)])
    open_angles = np.divide(
        faces.solid_angles, faces.areas, out=np.zeros_like(faces.areas), where=faces.areas > 0
    )
    first, second = (crystals.atomic_numbers[one] for one in (faces.centres, faces.neighbors))
    polarity = _polarities()[first, second]
    weights = faces.solid_angles * open_angles * polarity
    weights /= np.repeat(np.maximum.reduceat(weights, starts), numbers)
    beyond = np.linalg.norm(faces.vectors, axis=1) - _radii()[first] - _radii()[second]
    fractions = ((beyond - _NEAR) / (_FAR - _NEAR)).clip(0, 1)
    return weights * (np.cos(np.pi * fractions) + 1) / 2


@cache
def _polarities() -> Float[np.ndarray, '119 119']:
    """Return the factor for the electronegativities of two elements; 1 where one has none."""
    from pymatgen.core import Element

    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'No Pauling electronegativity', UserWarning)
        values = np.array([np.nan, *(Element.from_Z(z).X for z in range(1, 119))])
    differences = np.abs(values[:, None] - values) / _LARGEST_DIFFERENCE
    return np.nan_to_num(1 + _ELECTRONEGATIVITY_WEIGHT * np.sqrt(differences), nan=1.0)


@cache
def _radii() -> Float[np.ndarray, ' 119']:
    """Return covalent radii in Å by atomic number, atomic ones where there is none, or zero."""
    from pymatgen.analysis.molecule_structure_comparator import CovalentRadius
    from pymatgen.core import Element

    radii = [0.0]
    for element in map(Element.from_Z, range(1, 119)):
        radius = CovalentRadius.radius.get(element.symbol)
        radii.append(float((element.atomic_radius if radius is None else radius) or 0.0))
    return np.array(radii)

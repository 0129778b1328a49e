"""What the networks learn from: symmetry functions, properties and compositions of crystals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.acsf import SymmetryFunctions, symmetry_functions
from aiida_crystalgen.science.fingerprints.emptiness import require_neighbors
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeSettings

__all__ = ('Examples', 'amounts_of', 'are_positive', 'examples_of', 'property_of')

_FEWEST_CRYSTALS = 10  # two to validate, and enough others to tell apart
_NAMED = 5  # rows that a message lists


@dataclass(frozen=True)
class Examples:
    """The training crystals as arrays.

    :param features: symmetry functions.
    :param properties: in their own units, in the order of the settings.
    :param amounts: number of atoms of each element.
    :param lattices: lattice vectors as rows, in Å.
    :param positions: of all atoms in Å, crystal after crystal, in these by ascending element.
    :param extents: of the atoms along their principal axes, longest first, in Å.
    :param elements: atomic numbers, in ascending order.
    :param units: of the properties.
    :param labels: of the crystals, or their rows where they have none.
    :param families: numbers that crystals share which are almost copies, as those of one
        relaxation: their column 'trajectory', or a number for each.
    :param periodic: whether the cells repeat.
    """

    features: Float[np.ndarray, 'crystals features']
    properties: Float[np.ndarray, 'crystals properties']
    amounts: Int[np.ndarray, 'crystals elements']
    lattices: Float[np.ndarray, 'crystals 3 3']
    positions: Float[np.ndarray, 'atoms 3']
    extents: Float[np.ndarray, 'crystals 3']
    elements: tuple[int, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    families: Int[np.ndarray, ' crystals']
    periodic: bool

    def __len__(self) -> int:
        return len(self.features)


def examples_of(crystals: CrystalSet, settings: AcsfCvaeSettings) -> Examples:
    """Return what the networks learn from the crystals.

    :raises ValueError: if there are too few crystals; if a property is missing, of all or some of
        them, or does not vary; if a crystal has no neighbours within the cut-off, or too small a
        cell.
    """
    if len(crystals) < _FEWEST_CRYSTALS:
        raise ValueError(
            f'the training set has {len(crystals)} crystals; a conditional autoencoder needs at '
            f'least {_FEWEST_CRYSTALS}, and some hundreds to be of use'
        )
    properties = np.column_stack([property_of(crystals, name) for name in settings.properties])
    elements = tuple(int(number) for number in np.unique(crystals.atomic_numbers))
    features = symmetry_functions(crystals, settings.acsf, elements)
    require_neighbors(crystals, features, settings.acsf.cutoff, 'acsf.cutoff')
    return Examples(
        features=features,
        properties=properties,
        amounts=amounts_of(crystals, elements),
        lattices=np.asarray(crystals.lattices, dtype=np.float64),
        positions=crystals.cartesian_coordinates[_by_element(crystals)],
        extents=_extents(crystals),
        elements=elements,
        units=tuple(crystals.columns[name].unit for name in settings.properties),
        labels=crystals.labels,
        families=_families(crystals),
        periodic=crystals.periodic,
    )


def amounts_of(
    crystals: CrystalSet, elements: tuple[int, ...]
) -> Int[np.ndarray, 'crystals elements']:
    """Return the number of atoms of each element in each crystal.

    :param elements: atomic numbers, in ascending order, that of every atom among them.
    """
    result = np.zeros((len(crystals), len(elements)), dtype=np.int64)
    columns = np.searchsorted(np.array(elements), crystals.atomic_numbers)
    np.add.at(result, (crystals.crystal_of_atom, columns), 1)
    return result


def are_positive(functions: SymmetryFunctions) -> Bool[np.ndarray, ' features']:
    """Return which features cannot be negative: all but third moments."""
    return np.array([not name.startswith('third_moment') for name in functions.names])


def _families(crystals: CrystalSet) -> Int[np.ndarray, ' crystals']:
    """Return a number for each crystal, the same for those of one relaxation."""
    if 'trajectory' not in crystals:
        return np.arange(len(crystals))
    return np.unique(crystals['trajectory'], return_inverse=True)[1]


def _by_element(crystals: CrystalSet) -> Int[np.ndarray, ' atoms']:
    """Return the atoms of each crystal by ascending element."""
    return np.lexsort((crystals.atomic_numbers, crystals.crystal_of_atom))


def _extents(crystals: CrystalSet) -> Float[np.ndarray, 'crystals 3']:
    """Return how long each crystal's atoms extend along their principal axes, in Å."""
    result = np.empty((len(crystals), 3))
    positions, offsets = crystals.cartesian_coordinates, crystals.offsets
    for number in np.unique(crystals.counts):
        rows = np.flatnonzero(crystals.counts == number)
        points = positions[offsets[rows][:, None] + np.arange(number)]
        points = points - points.mean(axis=1, keepdims=True)
        _, axes = np.linalg.eigh(points.transpose(0, 2, 1) @ points)
        result[rows] = np.ptp(points @ axes[:, :, ::-1], axis=1)
    return result


def property_of(crystals: CrystalSet, name: str) -> Float[np.ndarray, ' crystals']:
    """Return the values of a property of all crystals.

    :raises ValueError: if it is missing, of all or some crystals, is no number, or does not vary.
    """
    if name not in crystals:
        known = ', '.join(sorted(crystals.columns)) or 'none'
        raise ValueError(
            f"the training crystals have no column '{name}', only {known}; add it, or choose "
            "other 'properties'"
        )
    values = crystals[name]
    if values.ndim != 1 or values.dtype.kind not in 'fiu':
        raise ValueError(f"column '{name}' does not hold one number for each crystal")
    values = values.astype(np.float64)
    missing = np.flatnonzero(~np.isfinite(values))
    if len(missing):
        rows = ', '.join(str(row) for row in missing[:_NAMED])
        more = ', …' if len(missing) > _NAMED else ''
        raise ValueError(
            f"{len(missing)} of {len(values)} training crystals have no '{name}' (rows {rows}"
            f'{more}); leave them out, or compute it for them'
        )
    if len(values) and not np.ptp(values) > 0:
        raise ValueError(
            f"all training crystals have the same '{name}', {values[0]:g}; a model cannot be "
            'conditioned on it'
        )
    return values

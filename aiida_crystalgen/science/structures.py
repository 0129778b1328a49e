"""Crystals and clusters as pymatgen's structures and molecules, at the edges of the package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pymatgen.core import Composition, Element, Lattice, Molecule, Structure

from aiida_crystalgen.science.crystals import Column, CrystalSet

__all__ = ('formulas', 'from_structures', 'to_molecule', 'to_structure', 'to_structures')


def from_structures(
    structures: Sequence[Structure], labels: Iterable[str] | None = None
) -> CrystalSet:
    """Return the structures as a set of crystals, labelled by ``labels`` where given.

    Structures whose lattice is periodic along no direction are a set of clusters.

    :raises ValueError: if a structure has partial occupancies, species that are no elements, no
        sites, or another periodicity than all directions or none, or than the others have; the
        message names the structure.
    """
    names = list(labels) if labels is not None else [str(row) for row in range(len(structures))]
    for name, structure in zip(names, structures, strict=True):
        _refuse_unordered(name, structure)
    periodic = _periodicity(dict(zip(names, structures, strict=True)))
    numbers = [site.specie.Z for structure in structures for site in structure]
    return CrystalSet(
        lattices=np.array([one.lattice.matrix for one in structures]).reshape(-1, 3, 3),
        fractional_coordinates=np.concatenate(
            [one.frac_coords for one in structures] or [np.zeros((0, 3))]
        ),
        atomic_numbers=np.array(numbers, dtype=np.int64),
        counts=np.array([len(one) for one in structures], dtype=np.int64),
        columns={} if labels is None else {'label': Column(np.array(names, dtype=np.str_))},
        periodic=periodic,
    )


def _periodicity(structures: Mapping[str, Structure]) -> bool:
    """Return whether structures are crystals, not clusters.

    :raises ValueError: if one is neither, or some are one and some the other.
    """
    for name, structure in structures.items():
        directions = sum(structure.lattice.pbc)
        if directions not in (0, 3):
            raise ValueError(
                f"structure '{name}' is periodic along {directions} of 3 directions; crystals are "
                'along all 3, and clusters along none'
            )
    kinds = {all(structure.lattice.pbc) for structure in structures.values()}
    if len(kinds) > 1:
        clusters = [name for name, one in structures.items() if not all(one.lattice.pbc)]
        raise ValueError(
            f"{len(clusters)} of {len(structures)} structures, among them '{clusters[0]}', are "
            'clusters and the others crystals; import the ones apart from the others'
        )
    return kinds != {False}


def _refuse_unordered(name: str, structure: Structure) -> None:
    """Raise unless every site of the structure is one atom of one element."""
    if len(structure) == 0:
        raise ValueError(f"structure '{name}' has no sites")
    for site in structure:
        if not site.is_ordered:
            raise ValueError(
                f"structure '{name}' has a site with partial occupancy: {site.species_string} at "
                f'{np.round(site.frac_coords, 4).tolist()}; only ordered crystals can be used'
            )
        if not hasattr(site.specie, 'Z') or not 1 <= site.specie.Z <= 118:
            raise ValueError(f"structure '{name}' has species '{site.specie}', which is no element")


def to_structure(crystals: CrystalSet, row: int) -> Structure:
    """Return one crystal of the set; a cluster in its box, periodic along no direction."""
    atoms = crystals.atoms(row)
    return Structure(
        Lattice(crystals.lattices[row], pbc=(crystals.periodic,) * 3),
        crystals.atomic_numbers[atoms].tolist(),
        crystals.fractional_coordinates[atoms],
    )


def to_molecule(clusters: CrystalSet, row: int) -> Molecule:
    """Return one cluster of the set."""
    atoms = clusters.atoms(row)
    positions = clusters.fractional_coordinates[atoms] @ clusters.lattices[row]
    return Molecule(clusters.atomic_numbers[atoms].tolist(), positions)


def to_structures(crystals: CrystalSet) -> list[Structure]:
    """Return every crystal of the set."""
    return [to_structure(crystals, row) for row in range(len(crystals))]


def formulas(crystals: CrystalSet) -> list[str]:
    """Return the formula of each cell in pymatgen's order of electronegativity, as in 'Sn4Se4'."""
    found: dict[tuple[tuple[int, int], ...], str] = {}
    result = []
    bounds = crystals.offsets
    for row in range(len(crystals)):
        numbers, amounts = np.unique(
            crystals.atomic_numbers[bounds[row] : bounds[row + 1]], return_counts=True
        )
        key = tuple(zip(numbers.tolist(), amounts.tolist(), strict=True))
        if key not in found:
            content = {Element.from_Z(number).symbol: amount for number, amount in key}
            found[key] = Composition(content).formula.replace(' ', '')
        result.append(found[key])
    return result

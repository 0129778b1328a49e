"""Grouping 300 crystals, 100 of them disguised copies, against pymatgen's own grouping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np
    from pymatgen.core import Structure

    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings

__all__ = ('CLAIMS',)

_ORIGINALS, _COPIES = 200, 100
_NOISE = (0.0, 0.005, 0.02)  # Å, of the copies in turn
# Tolerances of the search's protocol, and pymatgen's own.
_PROTOCOL = {'length': 0.1, 'site': 0.15, 'angle': 5.0, 'fingerprint': 0.1}
_DEFAULTS = {'length': 0.2, 'site': 0.3, 'angle': 5.0, 'fingerprint': 2.0}


def structures_with_copies() -> list[Structure]:
    """Return random symmetric Si8, some of them again in other cells and orders, mixed."""
    import numpy as np

    from aiida_crystalgen.science.structures import to_structures
    from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
    from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals
    from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds

    contents = CellContents(
        amounts={'Si': 8},
        cell='conventional',
        volume_per_atom=23.0,
        volume_tolerance=0.1,
        distances={'Si-Si': 2.1},
        attempts=100,
    )
    groups = np.resize(compatible_space_groups({'Si': 8}, 'conventional'), 2 * _ORIGINALS)
    drawn = random_crystals(contents, groups, crystal_seeds(0, len(groups)))
    valid = np.flatnonzero(drawn['rejection'] == '')
    generator = np.random.default_rng(0)
    originals = to_structures(drawn.select(generator.permutation(valid)[:_ORIGINALS]))
    copied = generator.permutation(_ORIGINALS)[:_COPIES]
    copies = [
        _disguised(originals[row], generator, _NOISE[number % len(_NOISE)])
        for number, row in enumerate(copied)
    ]
    mixed = originals + copies
    return [mixed[row] for row in generator.permutation(len(mixed))]


def _disguised(structure: Structure, generator: np.random.Generator, noise: float) -> Structure:
    """Return the crystal turned and shifted, in another cell or a supercell, with atoms moved.

    :param noise: standard deviation of the atoms' displacements in Å.
    """
    import numpy as np
    from pymatgen.core import Lattice, Structure

    cell = np.eye(3, dtype=int)
    for _ in range(3):
        first, second = generator.permutation(3)[:2]
        cell[first] += generator.integers(-1, 2) * cell[second]
    if generator.random() < 0.3:
        cell[generator.integers(3)] *= 2
    other = structure.copy()
    other.make_supercell(cell.tolist())
    rotation, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    lattice = other.lattice.matrix @ rotation
    positions = (other.frac_coords + generator.random(3)) @ lattice
    positions += generator.normal(size=positions.shape, scale=noise)
    order = generator.permutation(len(other))
    species = [other[site].specie for site in order]
    return Structure(Lattice(lattice), species, positions[order], coords_are_cartesian=True)


def _measure(context: Context) -> list[Measurement]:
    """Return the comparison with the tolerances of the protocol, and with pymatgen's defaults."""
    structures = structures_with_copies()
    protocol = _compare(context, structures, _settings(_PROTOCOL), repeats=3)
    defaults = _compare(context, structures, _settings(_DEFAULTS), repeats=1)
    return [protocol, replace(defaults, holds=None, goal='none, for comparison')]


def _settings(values: dict[str, float]) -> DuplicateSettings:
    """Return the settings with these tolerances, volumes made equal."""
    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings

    return DuplicateSettings(
        length_tolerance=values['length'],
        site_tolerance=values['site'],
        angle_tolerance=values['angle'],
        scale=True,
        fingerprint_distance=values['fingerprint'],
        cluster_tolerance=0.3,
    )


def _compare(
    context: Context, structures: list[Structure], settings: DuplicateSettings, *, repeats: int
) -> Measurement:
    """Return our rate beside pymatgen's; it holds only if the groups are the same."""
    from pymatgen.analysis.structure_matcher import StructureMatcher

    from aiida_crystalgen.science.screening.duplicates import group_duplicates
    from aiida_crystalgen.science.structures import from_structures

    crystals = from_structures(structures)
    matcher = StructureMatcher(
        ltol=settings.length_tolerance,
        stol=settings.site_tolerance,
        angle_tol=settings.angle_tolerance,
        scale=settings.scale,
    )
    found: dict[str, list[list[int]]] = {}

    def ours() -> None:
        first = group_duplicates(crystals, settings)
        found['ours'] = [(first == row).nonzero()[0].tolist() for row in sorted(set(first))]

    def peer() -> None:
        # It remembers the cells it has reduced; a user groups a set once.
        StructureMatcher._get_reduced_istructure.cache_clear()
        rows = {id(structure): row for row, structure in enumerate(structures)}
        groups = matcher.group_structures(structures)
        found['peer'] = sorted(sorted(rows[id(one)] for one in group) for group in groups)

    seconds, peer_seconds = context.take_turns(ours, peer, repeats=repeats)
    same = found['ours'] == found['peer']
    result = Measurement.of_rates(
        len(structures),
        seconds,
        peer_seconds,
        goal=10,
        note=f'StructureMatcher.group_structures, ltol {matcher.ltol:g}, stol {matcher.stol:g}, '
        f'angle_tol {matcher.angle_tol:g}, scale: {len(found["peer"])} groups, '
        + ('the same as ours' if same else f'but ours are {len(found["ours"])} others'),
    )
    return replace(result, holds=bool(result.holds and same))


CLAIMS = (
    Claim(
        id='duplicates',
        summary='the groups of equal crystals among 300 random Si8 with 100 disguised copies',
        goal='≥ 10, same groups',
        unit='crystals/s',
        measure=_measure,
    ),
)

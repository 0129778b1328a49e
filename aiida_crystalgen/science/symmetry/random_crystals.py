"""Random crystals of given space groups, in batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Float, Int, Int64

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.symmetry.combinations import Combinations
from aiida_crystalgen.science.symmetry.compatibility import (
    compatible_space_groups,
    primitive_amounts,
)
from aiida_crystalgen.science.symmetry.drawing import Batch, Drawn, draw_crystals
from aiida_crystalgen.science.symmetry.images import half_images, oblique_axes
from aiida_crystalgen.science.symmetry.lattices import lattice_vectors, primitive_basis
from aiida_crystalgen.science.symmetry.placement import Frame
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('CellContents', 'random_crystals')

# Crystals in the making at a time, so that memory is needed for little more than the result.
_BLOCK = 2**16


@dataclass(frozen=True)
class CellContents:
    """What the cell of a random crystal is to hold.

    :param amounts: number of atoms of each element, by its symbol.
    :param cell: the cell that they are counted in and that is returned.
    :param volume_per_atom: in Å³.
    :param volume_tolerance: largest relative deviation; volumes are uniform within it.
    :param distances: shortest distance allowed for each pair of elements, as in {'Sn-Se': 2.1}, Å.
    :param attempts: number of times a crystal is drawn anew before it is given up.
    """

    amounts: Mapping[str, int]
    cell: Literal['conventional', 'primitive']
    volume_per_atom: float
    volume_tolerance: float
    distances: Mapping[str, float]
    attempts: int

    @property
    def squares(self) -> Float[np.ndarray, 'species species']:
        """Smallest squared distance between each two elements, in Å².

        :raises ValueError: if a pair of elements has no distance.
        """
        symbols = list(self.amounts)
        result = np.zeros((len(symbols), len(symbols)))
        for one, other in combinations_with_replacement(range(len(symbols)), 2):
            names = f'{symbols[one]}-{symbols[other]}', f'{symbols[other]}-{symbols[one]}'
            found = [self.distances[name] for name in names if name in self.distances]
            if not found:
                raise ValueError(f"'distances' has no value for {names[0]}")
            result[one, other] = result[other, one] = found[0] ** 2
        return result


def random_crystals(
    contents: CellContents,
    space_groups: Int[np.ndarray, ' crystals'],
    seeds: Int64[np.ndarray, ' crystals'],
    *,
    progress: Progress = silent,
) -> CrystalSet:
    """Return one crystal for each space group and seed, in this order, failed ones included.

    A crystal depends on the contents, its space group and its seed alone. Free parameters of the
    Wyckoff positions are uniform; see ``combinations`` and ``lattices`` for the rest. Settings are
    the standard ones, see ``WyckoffTable``. Columns: ``requested_space_group``; ``wyckoff``, as in
    'Sn: 4a 2*4c; Se: 8d' with multiplicities of the conventional cell; ``attempts``; ``seed``; and
    ``rejection``, empty unless all attempts failed, the last of which is returned then.

    :raises ValueError: if a space group cannot hold the atoms.
    """
    possible = compatible_space_groups(contents.amounts, contents.cell)
    if impossible := sorted(set(space_groups.tolist()).difference(possible)):
        raise ValueError(
            f'no Wyckoff positions of space groups {impossible} hold {dict(contents.amounts)} in '
            f'the {contents.cell} cell'
        )
    sets, done = [], 0

    def report(finished: int) -> None:
        nonlocal done
        done += finished
        progress(done, len(seeds), 'random crystals')

    for start in range(0, len(seeds), _BLOCK):
        block = slice(start, start + _BLOCK)
        sets.append(_draw_block(contents, space_groups[block], seeds[block], report=report))
    return concatenate(sets)


def _draw_block(
    contents: CellContents,
    space_groups: Int[np.ndarray, ' crystals'],
    seeds: Int64[np.ndarray, ' crystals'],
    *,
    report: Callable[[int], None],
) -> CrystalSet:
    """Return one crystal for each space group and seed, drawn by kind and put back in order."""
    sets, order = [], []
    for frame, rows in _frames(contents, space_groups):
        batch = Batch(frame, np.searchsorted(frame.groups, space_groups[rows]), seeds[rows])
        drawn = draw_crystals(batch, contents.attempts, report=report)
        sets.append(_crystal_set(contents, batch, drawn))
        order.append(rows)
    return concatenate(sets).select(np.argsort(np.concatenate(order)))


def _frames(
    contents: CellContents, space_groups: Int[np.ndarray, ' crystals']
) -> Iterator[tuple[Frame, Int[np.ndarray, ' rows']]]:
    """Yield batches of crystals that the same array work draws, and their rows."""
    squares = contents.squares
    volume = contents.volume_per_atom * sum(contents.amounts.values())
    kinds: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for group in np.unique(space_groups).tolist():
        kind = (oblique_axes(group), int(wyckoff_table().centrings[group]))
        kinds.setdefault(kind, []).append(group)
    for (axes, centring), groups in kinds.items():
        amounts = primitive_amounts(tuple(contents.amounts.values()), contents.cell, centring)
        size = centring if contents.cell == 'primitive' else 1
        frame = Frame(
            groups=np.array(groups),
            combinations=Combinations(tuple(groups), amounts),
            images=half_images(axes, float(np.sqrt(squares.max() / squares.diagonal().max()))),
            volumes=(
                size * volume * (1 - contents.volume_tolerance),
                size * volume * (1 + contents.volume_tolerance),
            ),
            squares=squares,
        )
        yield frame, np.flatnonzero(np.isin(space_groups, groups))


def _crystal_set(contents: CellContents, batch: Batch, drawn: Drawn) -> CrystalSet:
    """Return what was drawn as crystals with their columns."""
    cells = _conventional_cells if contents.cell == 'conventional' else _primitive_cells
    lattices, coordinates = cells(batch, drawn)
    numbers = [atomic_numbers[one] for one, many in contents.amounts.items() for _ in range(many)]
    groups = batch.frame.groups[batch.groups]
    failures = [
        f'no crystal of space group {group} in {contents.attempts} attempts'
        for group in batch.frame.groups.tolist()
    ]
    return CrystalSet(
        lattices=lattices,
        fractional_coordinates=coordinates.reshape(-1, 3),
        atomic_numbers=np.tile(np.array(numbers, dtype=np.int64), len(groups)),
        counts=np.full(len(groups), len(numbers)),
    ).with_columns(
        requested_space_group=groups,
        wyckoff=np.array(_wyckoff_texts(drawn, list(contents.amounts)), dtype=np.str_),
        attempts=drawn.attempts,
        seed=batch.seeds,
        rejection=np.where(drawn.is_valid, '', np.array(failures)[batch.groups]),
    )


def _conventional_cells(
    batch: Batch, drawn: Drawn
) -> tuple[Float[np.ndarray, 'crystals 3 3'], Float[np.ndarray, 'crystals atoms 3']]:
    """Return lattice vectors and coordinates of conventional cells, atoms sorted by species."""
    numbers, amounts = batch.frame.groups[batch.groups], batch.frame.combinations.amounts
    translations = wyckoff_table().translations[numbers, : batch.frame.centring]
    copies = drawn.coordinates[:, None] + translations[:, :, None]
    species = np.repeat(np.arange(len(amounts)), amounts)
    order = np.argsort(np.tile(species, batch.frame.centring), kind='stable')
    coordinates = copies.reshape(len(numbers), -1, 3)[:, order]
    return lattice_vectors(drawn.metrics), _wrapped(coordinates)


def _primitive_cells(
    batch: Batch, drawn: Drawn
) -> tuple[Float[np.ndarray, 'crystals 3 3'], Float[np.ndarray, 'crystals atoms 3']]:
    """Return lattice vectors and coordinates of primitive cells, atoms sorted by species."""
    bases = np.array([primitive_basis(group) for group in batch.frame.groups.tolist()])
    inverses = np.linalg.inv(bases)[batch.groups]
    lattices = bases[batch.groups] @ lattice_vectors(drawn.metrics)
    return lattices, _wrapped(drawn.coordinates @ inverses)


def _wrapped(coordinates: Float[np.ndarray, '*shape']) -> Float[np.ndarray, '*shape']:
    """Return coordinates in the half-open interval from 0 to 1."""
    wrapped = coordinates - np.floor(coordinates)
    return np.where(wrapped < 1, wrapped, 0.0)


def _wyckoff_texts(drawn: Drawn, symbols: list[str]) -> list[str]:
    """Return each crystal's occupied positions, as in 'Sn: 4a 2*4c; Se: 8d'."""
    total = len(wyckoff_table().labels)
    # One number an orbit, ascending by species and letter: 'a' is the last position of its group.
    codes = np.where(drawn.positions < 0, -1, (drawn.species + 1) * total - 1 - drawn.positions)
    codes.sort(axis=1)
    known: dict[bytes, str] = {}
    texts = []
    for row in codes:
        key = row.tobytes()
        if key not in known:
            known[key] = _wyckoff_text([code for code in row.tolist() if code >= 0], symbols)
        texts.append(known[key])
    return texts


def _wyckoff_text(codes: list[int], symbols: list[str]) -> str:
    """Return the occupied positions of one crystal from the numbers of its orbits."""
    labels = wyckoff_table().labels
    found: dict[str, list[str]] = {symbol: [] for symbol in symbols}
    for code, count in Counter(codes).items():
        species, position = divmod(code, len(labels))
        label = labels[-1 - position]
        found[symbols[species]].append(label if count == 1 else f'{count}*{label}')
    return '; '.join(f'{symbol}: {" ".join(those)}' for symbol, those in found.items())

"""Random crystals of every space group that can hold a composition."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int, UInt64

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.random_clusters import random_clusters
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals
from aiida_crystalgen.science.symmetry.random_numbers import (
    crystal_seeds,
    fold,
    root_key,
    uniform,
)
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS

__all__ = ('RandomSymmetric',)


class RandomSymmetric:
    """The generator that learns nothing: a baseline, and the source of candidates to screen.

    Candidates take turns among the numbers of formula units, and those of one number go through the
    compatible space groups in random order, again and again, so that every group is asked for
    equally often. Neither depends on how many candidates there are. Clusters have no symmetry to
    choose: they are random, see `aiida_crystalgen.science.generators.random_clusters`.
    """

    name = 'random_symmetric'
    needs_training = False
    block_rows = 4096

    def train(
        self,
        training: CrystalSet,  # noqa: ARG002
        settings: dict[str, Any],  # noqa: ARG002
        *,
        seed: int,  # noqa: ARG002
        progress: Progress = silent,  # noqa: ARG002
    ) -> Checkpoint:
        """Refuse, as there is nothing to train.

        :raises ValueError: always.
        """
        raise ValueError(
            f"generator '{self.name}' needs no training; propose with it without a checkpoint"
        )

    def propose(
        self,
        checkpoint: Checkpoint | None,
        request: Request,
        *,
        seed: int,
        progress: Progress = silent,
    ) -> CrystalSet:
        """Return ``request.candidates`` crystals, failed ones with a reason.

        Columns are those of ``random_crystals`` or ``random_clusters``. For crystals
        ``metadata['incompatible_space_groups']`` lists, for each number of formula units, the
        groups that were left out.

        :raises ValueError: if a checkpoint is given, or no space group can hold the composition.
        """
        rows = np.arange(request.candidates)
        return self.propose_rows(checkpoint, request, rows, seed=seed, progress=progress)

    def propose_rows(
        self,
        checkpoint: Checkpoint | None,
        request: Request,
        rows: Int[np.ndarray, ' rows'],
        *,
        seed: int,
        progress: Progress = silent,
    ) -> CrystalSet:
        """Return these rows of what ``propose`` would, as each has a seed of its own.

        :param rows: in ascending order, at least one.
        :raises ValueError: as ``propose`` does.
        """
        if checkpoint is not None:
            raise ValueError(f"generator '{self.name}' takes no checkpoint, but one is given")
        source = {
            'generator': self.name,
            'seed': seed,
            'request': request.model_dump(mode='json'),
        }
        if not request.periodic:
            return _clusters(request, rows, seed, progress).with_metadata(source=source)
        compatible, incompatible = _space_groups(request)
        # Fewer candidates than sizes leave the last sizes out.
        sizes = list(compatible.items())[: request.candidates]
        seeds, sets = crystal_seeds(seed, request.candidates), []
        order = np.zeros(0, dtype=np.int64)
        for turn, (units, groups) in enumerate(sizes):
            of_turn = np.arange(turn, len(seeds), len(sizes))
            chosen = np.isin(of_turn, rows)
            if not chosen.any():
                continue
            wanted = _cycled(groups, len(of_turn), root_key(seed, units))[chosen]
            counted = _later(progress, len(order), len(rows))
            contents = _contents(request, units)
            drawn = random_crystals(contents, wanted, seeds[of_turn[chosen]], progress=counted)
            sets.append(drawn)
            order = np.concatenate([order, of_turn[chosen]])
        crystals = sets[0] if len(sets) == 1 else concatenate(sets).select(np.argsort(order))
        return crystals.with_metadata(source=source, incompatible_space_groups=incompatible)


def _clusters(
    request: Request, rows: Int[np.ndarray, ' rows'], seed: int, progress: Progress
) -> CrystalSet:
    """Return these rows of the clusters that are asked for."""
    units = np.array(request.formula_units)[rows % len(request.formula_units)]
    seeds = crystal_seeds(seed, request.candidates)[rows]
    return random_clusters(request, units, seeds, progress=progress)


def _space_groups(request: Request) -> tuple[dict[int, tuple[int, ...]], dict[str, list[int]]]:
    """Return which groups asked for can and cannot hold the cell, by number of formula units.

    :raises ValueError: if none can hold any cell.
    """
    wanted = set(request.space_groups or GROUPS)
    compatible, incompatible = {}, {}
    for units in request.formula_units:
        amounts = {element: units * amount for element, amount in request.amounts.items()}
        possible = wanted.intersection(compatible_space_groups(amounts, request.cell))
        if possible:
            compatible[units] = tuple(sorted(possible))
        incompatible[str(units)] = sorted(wanted - possible)
    if not compatible:
        raise ValueError(
            f'no Wyckoff positions of space groups {sorted(wanted)} hold '
            f'{list(request.formula_units)} formula units of {request.composition} in the '
            f'{request.cell} cell'
        )
    return compatible, incompatible


def _contents(request: Request, units: int) -> CellContents:
    """Return what a cell of so many formula units holds."""
    return CellContents(
        amounts={element: units * amount for element, amount in request.amounts.items()},
        cell=request.cell,
        volume_per_atom=request.volume,
        volume_tolerance=request.volume_tolerance,
        distances=request.distances,
        attempts=request.attempts,
    )


def _cycled(
    groups: tuple[int, ...], count: int, key: UInt64[np.ndarray, ' 1']
) -> Int[np.ndarray, ' count']:
    """Return the groups over and over, each time in another random order, ``count`` in all."""
    cycles = fold(key, np.arange(-(-count // len(groups))))
    order = np.argsort(uniform(cycles[:, None], np.arange(len(groups))), axis=1)
    return np.array(groups)[order].ravel()[:count]


def _later(progress: Progress, before: int, candidates: int) -> Progress:
    """Return a progress that counts on from those finished before."""

    def report(done: int, total: int, message: str = '') -> None:  # noqa: ARG001
        progress(before + done, candidates, message)

    return report

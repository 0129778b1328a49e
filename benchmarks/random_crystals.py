"""Random symmetric crystals against PyXtal: valid crystals per second, all groups alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from statistics import mean
from typing import Any

from benchmarks.claims import Claim, Context, Measurement

__all__ = ('CLAIMS',)

_GOAL = 50
_ATTEMPTS = 100
# Rounds through the compatible groups a turn: enough for ours to be timed, one for PyXtal.
_ROUNDS = 40


@dataclass(frozen=True)
class _Case:
    """What is generated in conventional cells of a fixed volume.

    :param volume: of the cell, in Å³.
    :param distances: shortest distance of each pair of elements, in Å.
    """

    amounts: dict[str, int]
    volume: float
    distances: dict[str, float]

    @property
    def groups(self) -> tuple[int, ...]:
        """Space groups that can hold the atoms."""
        from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups

        return compatible_space_groups(self.amounts, 'conventional')


@dataclass
class _Tally:
    """A task that is run in turns, and how many valid crystals each turn made.

    :param make: takes the number of the turn and returns the number of valid crystals.
    """

    make: Callable[[int], int]
    made: list[int] = field(default_factory=list)
    turns: Any = field(default_factory=count)

    def __call__(self) -> None:
        """Take one turn."""
        self.made.append(self.make(next(self.turns)))


def _measure(case: _Case, context: Context) -> list[Measurement]:
    """Return the rates of valid crystals, ours and PyXtal's in turns."""
    pyxtal = context.peer('pyxtal')
    ours = _Tally(partial(_make_ours, case))
    theirs = None if pyxtal is None else _Tally(_pyxtal_maker(case))
    seconds, peer_seconds = context.alternate(ours, theirs, repeats=3)
    rate = mean(ours.made) / (seconds or float('nan'))
    total = len(case.groups)
    note = (
        f'{mean(ours.made) / total / _ROUNDS:.1%} of ours valid after at most {_ATTEMPTS} attempts, '
        f'{total} groups equally often'
    )
    if theirs is None or pyxtal is None or peer_seconds is None:
        return [Measurement(rate, None, None, None, f'PyXtal is missing; {note}')]
    peer = mean(theirs.made) / peer_seconds
    note = f'PyXtal {pyxtal.__version__}, {mean(theirs.made) / total:.1%} of its valid; {note}'
    return [Measurement(rate, peer, rate / peer, rate / peer >= _GOAL, note)]


def _make_ours(case: _Case, turn: int) -> int:
    """Return how many valid crystals came of several rounds through all groups."""
    import numpy as np

    from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals
    from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds

    contents = CellContents(
        amounts=case.amounts,
        cell='conventional',
        volume_per_atom=case.volume / sum(case.amounts.values()),
        volume_tolerance=0.0,
        distances=case.distances,
        attempts=_ATTEMPTS,
    )
    groups = np.tile(case.groups, _ROUNDS)
    crystals = random_crystals(contents, groups, crystal_seeds(turn, len(groups)))
    return int((crystals['rejection'] == '').sum())


def _pyxtal_maker(case: _Case) -> Callable[[int], int]:
    """Return a function that has PyXtal try every group once, its tables loaded beforehand."""
    import numpy as np
    from pyxtal.crystal import random_crystal
    from pyxtal.lattice import Lattice
    from pyxtal.msg import VolumeError
    from pyxtal.symmetry import Group
    from pyxtal.tolerance import Tol_matrix

    groups = [Group(number) for number in case.groups]
    tolerance = Tol_matrix(*[(*pair.split('-'), limit) for pair, limit in case.distances.items()])
    symbols, numbers = list(case.amounts), list(case.amounts.values())

    def make(turn: int) -> int:
        generator, valid = np.random.default_rng(turn), 0
        for group in groups:
            try:
                lattice = Lattice(group.lattice_type, case.volume, random_state=generator)
                crystal = random_crystal(
                    3,
                    group,
                    symbols,
                    numbers,
                    lattice=lattice,
                    tm=tolerance,
                    random_state=generator,
                )
            except VolumeError:
                continue
            valid += bool(crystal.valid)
        return valid

    return make


CLAIMS = (
    Claim(
        'random-si8',
        'random symmetric Si8, 184 Å3, at least 2.1 Å, against PyXtal',
        f'≥ {_GOAL}',
        'valid crystals/s',
        partial(_measure, _Case({'Si': 8}, 184.0, {'Si-Si': 2.1})),
    ),
    Claim(
        'random-snse24',
        'random symmetric Sn12Se12, 686 Å3, at least 2.0/2.1/2.2 Å, against PyXtal',
        f'≥ {_GOAL}',
        'valid crystals/s',
        partial(
            _measure,
            _Case({'Sn': 12, 'Se': 12}, 686.0, {'Sn-Sn': 2.0, 'Sn-Se': 2.1, 'Se-Se': 2.2}),
        ),
    ),
)

"""Random symmetric crystals against PyXtal: valid crystals per second, all groups alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import mean

from benchmarks.claims import Claim, Context, Measurement

__all__ = ('CLAIMS',)

_GOAL = 50
_ATTEMPTS = 100
# Every group is tried once by PyXtal, in five turns of every fifth group, and often by us.
_TURNS = 5
_OURS_A_GROUP = 100


@dataclass(frozen=True)
class _Case:
    """What is generated in conventional cells of a fixed volume.

    :param volume: of the cell, in Å³.
    :param distances: shortest distance of each pair of elements, in Å.
    """

    amounts: dict[str, int]
    volume: float
    distances: dict[str, float]

    def groups(self, turn: int) -> tuple[int, ...]:
        """Return the space groups of a turn; together the turns from 1 on have all compatible ones.

        :param turn: number of the turn; 0 is the untimed one, which has only a few.
        """
        from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups

        groups = compatible_space_groups(self.amounts, 'conventional')
        return groups[::40] if turn == 0 else groups[turn - 1 :: _TURNS]


@dataclass
class _Task:
    """Something that is done in turns, and what share of each turn's crystals was valid.

    :param make: takes the number of the turn and returns that share.
    """

    make: Callable[[int], float]
    shares: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        """Take the next turn."""
        self.shares.append(self.make(len(self.shares)))

    @property
    def share(self) -> float:
        """Share of valid crystals in the timed turns."""
        return mean(self.shares[1:])


def _measure(case: _Case, context: Context) -> list[Measurement]:
    """Return the rates of valid crystals, ours and PyXtal's in turns."""
    pyxtal = context.peer('pyxtal')
    ours = _Task(partial(_make_ours, case))
    theirs = None if pyxtal is None else _Task(_pyxtal_maker(case))
    seconds, peer_seconds = context.alternate(ours, theirs, repeats=_TURNS)
    groups = mean(len(case.groups(turn)) for turn in range(1, _TURNS + 1))
    rate = ours.share * groups * _OURS_A_GROUP / (seconds or float('nan'))
    note = f'{ours.share:.1%} of ours valid after at most {_ATTEMPTS} attempts'
    if pyxtal is None or theirs is None or peer_seconds is None:
        return [Measurement(rate, None, None, None, f'PyXtal is missing; {note}')]
    peer = theirs.share * groups / peer_seconds
    note = f'PyXtal {pyxtal.__version__}, {theirs.share:.1%} of its valid; {note}'
    return [Measurement(rate, peer, rate / peer, rate / peer >= _GOAL, note)]


def _make_ours(case: _Case, turn: int) -> float:
    """Return which share is valid of many crystals of each group."""
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
    groups = np.tile(case.groups(turn), _OURS_A_GROUP)
    crystals = random_crystals(contents, groups, crystal_seeds(turn, len(groups)))
    return float(np.mean(crystals['rejection'] == ''))


def _pyxtal_maker(case: _Case) -> Callable[[int], float]:
    """Return a function that has PyXtal try each group once, with the tables loaded beforehand."""
    import numpy as np
    from pyxtal.crystal import random_crystal
    from pyxtal.lattice import Lattice
    from pyxtal.msg import VolumeError
    from pyxtal.symmetry import Group
    from pyxtal.tolerance import Tol_matrix

    tables = {number: Group(number) for turn in range(_TURNS + 1) for number in case.groups(turn)}
    limits = Tol_matrix(*[(*pair.split('-'), limit) for pair, limit in case.distances.items()])
    content = list(case.amounts), list(case.amounts.values())

    def make(turn: int) -> float:
        generator, valid = np.random.default_rng(turn), []
        for number in case.groups(turn):
            group = tables[number]
            try:
                lattice = Lattice(group.lattice_type, case.volume, random_state=generator)
                crystal = random_crystal(
                    3, group, *content, lattice=lattice, tm=limits, random_state=generator
                )
            except VolumeError:
                valid.append(False)
            else:
                valid.append(crystal.valid)
        return mean(valid)

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

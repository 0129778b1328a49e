"""Proposing that was cut short goes on with the next block."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.generators.interface import ProposesRows, Request
from aiida_crystalgen.science.generators.random_symmetric import RandomSymmetric
from aiida_crystalgen.science.generators.resumption import proposal_blocks
from aiida_crystalgen.science.progress import silent

REQUEST = {
    'composition': 'Si',
    'formula_units': (2, 3, 4),
    'cell': 'conventional',
    'candidates': 50,
    'volume_per_atom': 23.0,
    'volume_tolerance': 0.1,
    'distances': {'Si-Si': 2.1},
    'attempts': 5,
}


class SmallBlocks(RandomSymmetric):
    """Proposes as its parent does, but few rows at a time."""

    block_rows = 16


class AllAtOnce:
    """A generator that cannot propose some of its rows."""

    name = 'all-at-once'
    needs_training = False

    def train(self, training, settings, *, seed, progress):
        """Learn nothing."""

    def propose(self, checkpoint, request, *, seed, progress):
        """Propose as the random generator does."""
        return RandomSymmetric().propose(checkpoint, request, seed=seed, progress=progress)


def assert_identical(ours: CrystalSet, theirs: CrystalSet) -> None:
    """Assert that two sets agree in every bit."""
    for name in ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts'):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert list(ours.columns) == list(theirs.columns)
    for name in theirs.columns:
        np.testing.assert_array_equal(ours[name], theirs[name])
    assert ours.metadata == theirs.metadata


@pytest.mark.parametrize(
    ('candidates', 'done'), [(2, 0), (2, 1), (50, 0), (50, 1), (50, 16), (50, 40)]
)
def test_blocks_are_what_would_be_proposed_at_once(done, candidates):
    """From any row on, the rest of the proposals come in blocks that end at multiples of 16."""
    request = Request.parse(REQUEST | {'candidates': candidates})
    whole = RandomSymmetric().propose(None, request, seed=1, progress=silent)
    blocks = list(proposal_blocks(SmallBlocks(), None, request, done, seed=1, progress=silent))
    ends = done + np.cumsum([len(block) for block in blocks])
    assert ends[-1] == candidates
    assert not (ends[:-1] % 16).any()
    first = [whole.select(np.arange(done))] if done else []
    assert_identical(concatenate([*first, *blocks]), whole)


def test_progress_counts_the_rows_of_all_blocks():
    """It goes on from the rows that are there already, to all of them."""
    told = []
    request = Request.parse(REQUEST)
    for _ in proposal_blocks(
        SmallBlocks(),
        None,
        request,
        16,
        seed=1,
        progress=lambda done, total, message='': told.append((done, total)),
    ):
        pass
    assert told[0][0] >= 16
    assert told[-1] == (50, 50)
    assert told == sorted(told)


@pytest.mark.parametrize(('done', 'blocks'), [(0, [50]), (50, [])])
def test_a_generator_without_rows_proposes_all_at_once(done, blocks):
    """There are no rows before, or all."""
    request = Request.parse(REQUEST)
    assert not isinstance(AllAtOnce(), ProposesRows)
    proposed = proposal_blocks(AllAtOnce(), None, request, done, seed=1, progress=silent)
    assert [len(block) for block in proposed] == blocks

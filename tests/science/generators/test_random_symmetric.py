"""Laws of the generator of random symmetric crystals."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.generators.interface import Request, load_generator
from aiida_crystalgen.science.generators.random_symmetric import RandomSymmetric
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.structures import formulas
from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals


@pytest.fixture
def request_for():
    """Return a factory of requests for silicon, with changes."""

    def build(**changes):
        values = {
            'composition': 'Si',
            'formula_units': (8,),
            'cell': 'conventional',
            'candidates': 50,
            'volume_per_atom': 23.0,
            'volume_tolerance': 0.1,
            'distances': {'Si-Si': 2.1},
            'attempts': 50,
        }
        return Request.parse(values | changes)

    return build


@pytest.fixture
def propose():
    """Return a function that proposes crystals for a request."""

    def call(request, seed=1, progress=silent):
        return RandomSymmetric().propose(None, request, seed=seed, progress=progress)

    return call


def assert_same(ours, theirs):
    """Assert that two sets agree bit for bit."""
    assert np.array_equal(ours.lattices, theirs.lattices)
    assert np.array_equal(ours.fractional_coordinates, theirs.fractional_coordinates)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours.columns)


def test_it_is_found_by_its_name():
    """The entry point loads this generator."""
    generator = load_generator('random_symmetric')
    assert isinstance(generator, RandomSymmetric)
    assert (generator.name, generator.needs_training) == ('random_symmetric', False)


def test_every_compatible_group_is_asked_for_equally_often(propose, request_for):
    """In two rounds through the groups each comes exactly twice, in another order."""
    groups = compatible_space_groups({'Si': 8}, 'conventional')
    found = propose(request_for(candidates=2 * len(groups)))['requested_space_group']
    first, second = found.reshape(2, -1)
    assert sorted(first) == sorted(second) == list(groups)
    assert not np.array_equal(first, second)


def test_the_same_seed_gives_the_same_crystals(propose, request_for):
    """Bit for bit; another seed gives others."""
    request = request_for(formula_units=(4, 8))
    assert_same(propose(request), propose(request))
    other = propose(request, seed=2)
    assert not np.array_equal(propose(request)['seed'], other['seed'])


@pytest.mark.parametrize('units', [(8,), (4, 6, 8)])
def test_candidates_do_not_depend_on_their_number(propose, request_for, units):
    """The first of many candidates are those of a small request."""
    few = propose(request_for(formula_units=units, candidates=20))
    many = propose(request_for(formula_units=units, candidates=300))
    assert_same(few, many.select(range(20)))


def test_formula_units_take_turns(propose, request_for):
    """Candidates are shared evenly among the numbers of formula units."""
    crystals = propose(request_for(formula_units=(2, 4, 8), candidates=9))
    assert formulas(crystals) == ['Si2', 'Si4', 'Si8'] * 3


def test_fewer_candidates_than_formula_units(propose, request_for):
    """A single candidate has the first number of formula units."""
    assert formulas(propose(request_for(formula_units=(2, 4, 8), candidates=1))) == ['Si2']


def test_a_seed_of_a_row_reproduces_its_crystal(propose, request_for):
    """The column and the request are all that a crystal depends on."""
    request = request_for(formula_units=(4, 8), candidates=10)
    crystals = propose(request)
    contents = CellContents({'Si': 8}, 'conventional', 23.0, 0.1, {'Si-Si': 2.1}, 50)
    row = slice(5, 6)
    alone = random_crystals(contents, crystals['requested_space_group'][row], crystals['seed'][row])
    assert_same(alone, crystals.select([5]))


def test_one_process_or_two_make_no_difference(propose, request_for):
    """Rows shared between two other processes are those of one, bit for bit."""
    whole = propose(request_for(candidates=40))
    contents = CellContents({'Si': 8}, 'conventional', 23.0, 0.1, {'Si-Si': 2.1}, 50)
    groups, seeds = whole['requested_space_group'], whole['seed']
    with ProcessPoolExecutor(2, mp_context=get_context('spawn')) as pool:
        parts = [
            pool.submit(random_crystals, contents, groups[rows], seeds[rows])
            for rows in (slice(0, 20), slice(20, 40))
        ]
        assert_same(whole, concatenate([part.result() for part in parts]))


def test_incompatible_groups_are_listed_and_not_tried(propose, request_for):
    """Groups that cannot hold a cell are named for each number of formula units."""
    crystals = propose(request_for(formula_units=(1, 8), space_groups=(227, 225, 228)))
    assert crystals.metadata['incompatible_space_groups'] == {'1': [225, 227, 228], '8': [228]}
    assert set(crystals['requested_space_group'].tolist()) == {225, 227}
    assert set(crystals.counts.tolist()) == {8}


def test_impossible_requests_are_refused(propose, request_for):
    """If no group asked for can hold any cell, the message names them."""
    with pytest.raises(
        ValueError, match=r'space groups \[144, 228\] hold \[8\] formula units of Si'
    ):
        propose(request_for(space_groups=(228, 144)))


def test_hopeless_groups_are_given_up(propose, request_for):
    """Eight silicon atoms do not fit I4_132, which is said after the attempts allowed."""
    crystals = propose(request_for(space_groups=(214,), candidates=2, attempts=7))
    reason = 'no crystal of space group 214 in 7 attempts'
    assert crystals['rejection'].tolist() == [reason, reason]
    assert crystals['attempts'].tolist() == [7, 7]


def test_metadata_tell_the_source(propose, request_for):
    """Generator, seed and request can be read from the set."""
    request = request_for(candidates=2)
    source = propose(request, seed=4).metadata['source']
    assert (source['generator'], source['seed']) == ('random_symmetric', 4)
    assert Request.parse(source['request']) == request


def test_progress_counts_all_candidates(propose, request_for):
    """The last report is of the total, whatever the numbers of formula units."""
    reports = []
    propose(
        request_for(formula_units=(4, 8)),
        progress=lambda done, total, message='': reports.append((done, total)),
    )
    assert reports[-1] == (50, 50)
    assert reports == sorted(reports)


def test_training_is_refused(silicon):
    """There is nothing to train, and the message says so."""
    with pytest.raises(ValueError, match='needs no training'):
        RandomSymmetric().train(silicon(5.43), {}, seed=0, progress=silent)

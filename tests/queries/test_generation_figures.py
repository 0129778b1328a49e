"""Space groups of proposals, and a film of one, without a database."""

from types import SimpleNamespace

import numpy as np
import pytest

from aiida_crystalgen.queries import generation_figures
from aiida_crystalgen.queries.generation_figures import (
    film_of_proposal,
    film_of_search,
    groups_of_proposals,
    groups_of_search,
)
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import Column, concatenate

REQUEST = {
    'composition': 'Si',
    'formula_units': [8],
    'cell': 'conventional',
    'candidates': 3,
    'volume_per_atom': 20.0,
    'volume_tolerance': 0.1,
    'distances': {'Si-Si': 2.0},
    'attempts': 1,
}
CHECKPOINT = Checkpoint('score_langevin', {}, {})
KNOWN = np.arange(231)


@pytest.fixture
def proposed(silicon):
    """Return a function that gives three crystals of diamond, asked for with these groups."""

    def build(*groups, rejection=('', '', '')):
        columns = {
            'requested_space_group': Column(np.array(groups or (227, 227, 216))),
            'rejection': Column(np.array(rejection)),
        }
        source = {'generator': 'score_langevin', 'seed': 5, 'request': REQUEST}
        return silicon(5.3, 5.4, 5.5).with_columns(**columns).with_metadata(source=source)

    return build


@pytest.fixture(autouse=True)
def generator(monkeypatch, silicon):
    """Return a made-up generator, whose crystals of any row grow to their size."""
    calls = []

    def film(checkpoint, request, row, *, seed, frames):
        calls.append((checkpoint.method, request.candidates, row, seed))
        way = np.linspace(6.0, 5.3 + 0.1 * row, frames)
        noise = Column(np.linspace(1, 0, frames), 'Å')
        return silicon(*way).with_columns(noise=noise)

    made = SimpleNamespace(film=film, space_group_counts=lambda _: KNOWN, calls=calls)
    monkeypatch.setattr(generation_figures, 'load_generator', lambda _: made)
    return made


def results(sets, phases=()):
    """Return what a search has returned, by the number of the round."""
    names = {f'rounds__round_{number}__proposals__score_langevin': number for number in sets}
    return SimpleNamespace(
        requests={'score_langevin': REQUEST, 'other': REQUEST},
        outputs=names,
        proposals=lambda _, number: sets[number],
        checkpoints={'score_langevin': CHECKPOINT},
        phases=phases,
    )


def test_groups_are_those_asked_for_and_found(proposed):
    """Diamond keeps its own group, and has a supergroup of that of zincblende."""
    counts = groups_of_proposals('name', proposed(), CHECKPOINT)
    assert (counts.requested[227], counts.requested[216], counts.found[227]) == (2, 1, 3)
    assert (counts.number, counts.equal, counts.kept) == (3, 2, 3)
    assert counts.known is KNOWN


def test_rejected_proposals_and_those_of_any_group_do_not_count(proposed):
    """Where none is left there is nothing to show."""
    some = proposed(227, 0, 227, rejection=('', '', 'too dense'))
    assert groups_of_proposals('', some, None).number == 1
    assert groups_of_proposals('', proposed(0, 0, 0), None) is None
    assert groups_of_proposals('', proposed().without_columns(), None) is None


def test_of_many_some_are_looked_at(proposed, monkeypatch):
    """They are evenly spread, each looked at once."""
    monkeypatch.setattr(generation_figures, '_MOST_ANALYSED', 4)
    assert groups_of_proposals('', concatenate([proposed()] * 3), None).number == 4


def test_models_that_know_no_groups_show_none(proposed, generator):
    """Nothing stands beside the proposals then."""
    del generator.space_group_counts
    assert groups_of_proposals('', proposed(), CHECKPOINT).known is None


def test_a_search_counts_the_proposals_of_all_rounds(proposed):
    """Generators that proposed nothing have no counts."""
    (counts,) = groups_of_search(results({1: proposed(), 2: proposed(1, 1, 1)}))
    assert (counts.name, counts.number, counts.requested[1]) == ('score_langevin', 6, 3)


def test_a_film_is_the_proposal_once_more(proposed, generator):
    """Request and seed are those of the set, and the last frame is the crystal."""
    film = film_of_proposal(proposed(rejection=('too dense', '', '')), CHECKPOINT)
    assert generator.calls == [('score_langevin', 3, 1, 5)]
    assert film.label == 'row 1'
    assert film.deviations[[0, -1]].tolist() == [1, 0]
    np.testing.assert_allclose(film.frames.lattices[-1], 5.4 * np.eye(3))


@pytest.mark.parametrize('change', ['rejected', 'moved', 'no request', 'no film'])
def test_what_cannot_be_repeated_has_no_film(proposed, generator, change):
    """All are rejected, it leads elsewhere, nobody knows what was asked, or there is no way."""
    some = proposed(rejection=('bad',) * 3) if change == 'rejected' else proposed()
    row = None
    if change == 'moved':
        some = some.select([2, 1, 0])
        row = 0
    if change == 'no request':
        some = some.with_metadata(source={'seed': 5})
    if change == 'no film':
        del generator.film
    assert film_of_proposal(some, CHECKPOINT, row=row) is None


def test_the_film_of_a_search_is_that_of_its_lowest_phase(proposed):
    """Without a phase of such a generator it is its first proposal."""
    phase = SimpleNamespace(label='P4', generator='score_langevin', proposal_round=2)
    phase.proposal_row = 2
    other = SimpleNamespace(label='P1', generator='other')
    sets = {1: proposed(), 2: proposed()}
    film = film_of_search(results(sets, (other, phase)))
    assert film.label == 'P4'
    np.testing.assert_allclose(film.frames.lattices[-1], 5.5 * np.eye(3))
    assert film_of_search(results(sets, (other,))).label == 'row 0'
    assert film_of_search(results({})) is None

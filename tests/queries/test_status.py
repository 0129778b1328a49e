"""Questions about running searches."""

import time

from aiida_crystalgen.queries.jobs import find_job
from aiida_crystalgen.queries.status import search_status


def test_yields_only_shrink(finished_search):
    """No stage has more crystals than the one before, and the last one has the phases."""
    status = search_status(finished_search.pk)
    assert set(status.yields) == {'rdf_vae', 'random_symmetric'}
    for stages in status.yields.values():
        assert list(stages.values()) == sorted(stages.values(), reverse=True)
    found = sum(stages['phases'] for stages in status.yields.values())
    assert found == len(status.best) == finished_search.outputs.phases.number


def test_proposals_that_were_made_are_counted(finished_search):
    """What a generator gave up is not among the proposed."""
    status = search_status(finished_search.pk)
    for label, node in finished_search.outputs.rounds.round_1.proposals.items():
        usable = int((node.get_array('column_rejection') == '').sum())
        assert status.yields[label]['proposed'] == usable


def test_all_children_are_seen(finished_search):
    """Every process that the search and its round called is there, once, by its link."""
    status = search_status(finished_search.pk)
    (round_of_it,) = [one for one in finished_search.called if 'Round' in one.process_label]
    called = {
        link.link_label: link.node.pk
        for node in (finished_search, round_of_it)
        for link in node.base.links.get_outgoing().all()
        if 'CALL' in link.link_type.name
    }
    assert {child.label: child.pk for child in status.children} == called
    assert all(child.is_successful for child in status.children)
    assert status.stage == 'compare the phases'


def test_status_takes_less_than_a_second(finished_search):
    """The status of a search is there at once."""
    start = time.perf_counter()
    search_status(finished_search.pk)
    assert time.perf_counter() - start < 1


def test_finished_search_waits_for_no_job(finished_search):
    """No job is left of a search that has ended."""
    assert search_status(finished_search.pk).job is None
    assert find_job(finished_search.pk) is None

"""The report of a search from its nodes."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType

from aiida_crystalgen import queries
from aiida_crystalgen.queries.search_report import search_report
from aiida_crystalgen.queries.searches import SEARCH
from aiida_crystalgen.report.page import render


@pytest.fixture(scope='module')
def report(finished_search):
    """Return the report of the small search."""
    return search_report(finished_search.pk)


def test_report_has_every_phase(report):
    """The table shows all phases in their order, with the engine of their energies."""
    rows = queries.phases()
    assert [phase.label for phase in report.phases] == rows.label
    assert [phase.record for phase in report.phases] == rows.uuid
    assert {phase.engine.name for phase in report.phases} == {'stillinger-weber'}
    assert [phase.crystal.counts[0] for phase in report.phases] == rows.number_of_atoms


def test_energies_start_at_zero(report):
    """The lowest of all crystals of the composition, known or new, is the zero of the report."""
    lowest = [report.references.energies.min(), report.phases[0].energy]
    assert min(lowest) == pytest.approx(0, abs=1e-9)
    assert min(group.energies.min() for group in report.groups) >= -1e-9


def test_every_physical_crystal_is_in_one_group(finished_search, report):
    """The groups share the relaxed crystals among them."""
    relaxed = finished_search.outputs.rounds.round_1.relaxed
    good = relaxed.get_array('column_rejection') == ''
    good &= relaxed.get_array('column_converged')
    assert sum(len(group.energies) for group in report.groups) == good.sum()


def test_curves_are_those_of_the_training(finished_search, report):
    """There is a loss for every epoch, and the total is the last of the summary."""
    summary = finished_search.outputs.checkpoints.rdf_vae.summary
    assert len(report.training.epochs) == summary['epochs']
    assert report.training.training['total'][-1] == pytest.approx(summary['training_loss'])


def test_map_shows_training_set_replicas_and_phases(finished_search, report):
    """Every training crystal has its place, with the energy that it has as a reference."""
    labels = finished_search.outputs.references.get_array('column_label').tolist()
    assert list(report.latent.training.labels) == labels
    assert report.latent.phases.labels == tuple(queries.phases().label)
    np.testing.assert_allclose(
        np.nanmin(report.latent.training.energies), report.references.energies.min(), atol=1e-9
    )


def test_comparisons_agree_with_the_records(report):
    """The curves drawn have the Pearson distance that was recorded."""
    for comparison in report.rdfs:
        correlation = np.corrcoef(comparison.of_phase, comparison.of_reference)[0, 1]
        assert 1 - correlation == pytest.approx(comparison.distance, abs=1e-6)


def test_stages_end_with_the_phases(report):
    """The last bar of the yield is the number of phases."""
    assert report.stages[-1].name == 'phases'
    assert report.stages[-1].total == len(report.phases)


def test_rounds_share_the_phases(report):
    """Each phase counts for the round that proposed it, and the yields of the rounds add up."""
    assert [one.number for one in report.rounds] == list(range(1, len(report.rounds) + 1))
    assert sum(one.phases_found for one in report.rounds) == len(report.phases)
    assert min(one.lowest for one in report.rounds) == min(one.energy for one in report.phases)
    assert all(one.finished is not None for one in report.rounds)
    proposed = [counts['proposed'] for one in report.rounds for counts in one.yields.values()]
    assert sum(proposed) == report.stages[0].total


def test_page_can_be_written(report):
    """The contents are what the page needs."""
    page = render(report)
    assert 'Search for Si' in page
    assert all(phase.record in page for phase in report.phases)


def test_search_without_energies_has_no_report(finished_search):
    """A search that failed at once says where to look instead."""
    node = orm.WorkChainNode(process_type=SEARCH)
    node.base.attributes.set('process_state', 'excepted')
    for name in ('screening', 'phases'):
        node.base.links.add_incoming(orm.Dict({}).store(), LinkType.INPUT_WORK, name)
    node.store()
    with pytest.raises(ValueError, match='verdi process report'):
        search_report(node.pk)


def test_running_search_has_no_report(finished_search):
    """The report of a search has to wait for its end."""
    node = orm.WorkChainNode(process_type=SEARCH)
    node.base.attributes.set('process_state', 'waiting')
    with pytest.raises(ValueError, match='has not ended'):
        search_report(node.store().pk)

"""Rankings of candidates, from hand-made nodes."""

from types import SimpleNamespace

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType

from aiida_crystalgen.data.convert import node_from_checkpoint, node_from_crystals
from aiida_crystalgen.queries import ranking_figures
from aiida_crystalgen.queries.proposal_report import proposal_report
from aiida_crystalgen.queries.ranking_figures import search_rankings
from aiida_crystalgen.queries.results import SearchResults
from aiida_crystalgen.report.page import render_proposals
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import Column, CrystalSet

ENGINE = {'name': '7net-0', 'package': 'sevenn', 'version': '0.13.0'}
LI, GE, MN = 3, 32, 25
OFFERED = [(LI, MN), (LI, LI, MN), (LI, MN), (MN, MN, LI)]


def crystals(compositions):
    """Return crystals of these atoms in cubes."""
    numbers = np.concatenate([np.array(one) for one in compositions])
    counts = np.array([len(one) for one in compositions])
    return CrystalSet(
        lattices=4.0 * np.tile(np.eye(3), (len(counts), 1, 1)),
        fractional_coordinates=np.linspace(0, 0.9, len(numbers))[:, None] * np.ones(3),
        atomic_numbers=numbers,
        counts=counts,
    )


def proposed(compositions=OFFERED, start=-1.0, **changes):
    """Return ranked proposals, the types of the first and third of which differ."""
    number = len(compositions)
    columns = {
        'template': np.array([f'template {row}' for row in range(number)]),
        'prototype': np.array([f'type {row}' for row in range(number)]),
        'log_likelihood': start - np.arange(float(number)),
        'charge_balanced': np.zeros(number, dtype=bool),
        'known_composition': np.arange(number) == 1,
        'rejection': np.full(number, ''),
        **changes,
    }
    return crystals(compositions).with_columns(
        **{name: Column(values) for name, values in columns.items()}
    )


def relaxed(rows, energies, **changes):
    """Return relaxed candidates, which were these rows of the proposals."""
    columns = {
        'generator': np.full(len(rows), 'site_network'),
        'proposal_row': np.array(rows),
        'energy': np.array(energies),
        'rejection': np.full(len(rows), ''),
        'converged': np.full(len(rows), True),
        **changes,
    }
    found = crystals([OFFERED[row] for row in rows])
    return found.with_columns(
        **{name: Column(values) for name, values in columns.items()}
    ).with_metadata(engine=ENGINE)


def references(engine=ENGINE):
    """Return lithium and manganese, whose hull is at −2 eV/atom everywhere."""
    elements = crystals([(LI,), (MN,)]).with_columns(energy=Column(np.array([-2.0, -2.0])))
    return elements.with_metadata(engine=engine)


def results(outputs, **requests):
    """Return what a search has returned."""
    asked = requests or {'site_network': {'composition': 'Li-Mn'}}
    nodes = {
        name: node_from_crystals(one) if isinstance(one, CrystalSet) else one
        for name, one in outputs.items()
    }
    return SearchResults(
        search=SimpleNamespace(pk=1),
        requests=asked,
        settings={},
        outputs=nodes,
        phases=(),
        training_engine={},
    )


@pytest.fixture
def checkpoint(monkeypatch):
    """Return a model whose generator is made up: it compares two elements."""
    numbers = np.array([LI, MN])
    generator = SimpleNamespace(
        element_map=lambda _: (numbers, np.array([[0.0, 1.0], [2.0, 3.0]])),
        element_confusion=lambda _: (numbers, np.array([[3, 1], [0, 6]])),
    )
    monkeypatch.setattr(ranking_figures, 'load_generator', lambda _: generator)
    return node_from_checkpoint(Checkpoint('site_network', {'weight': np.zeros(1)}, {}))


FIRST = 'rounds__round_1__proposals__site_network'


def test_candidates_come_with_their_names_and_numbers(aiida_profile_clean):
    """Formulas, fractions in the order asked for, templates, types and likelihoods."""
    (ranking,) = search_rankings(results({FIRST: proposed()}))
    assert ranking.elements == ('Li', 'Mn')
    assert ranking.formulas == ('LiMn', 'Li2Mn', 'LiMn', 'LiMn2')
    np.testing.assert_allclose(ranking.fractions[:, 0], [1 / 2, 2 / 3, 1 / 2, 1 / 3])
    assert ranking.log_likelihoods.tolist() == [-1, -2, -3, -4]
    assert ranking.templates[3] == 'template 3'
    assert ranking.known.tolist() == [False, True, False, False]
    assert (ranking.name, ranking.engine) == ('site_network', '')


def test_elements_asked_for_come_first(aiida_profile_clean):
    """Those that joined an open system follow."""
    asked = {'composition': 'Mn-*'}
    (ranking,) = search_rankings(
        results({FIRST: proposed([(LI, MN), (MN, GE)])}, site_network=asked)
    )
    assert ranking.elements == ('Mn', 'Li', 'Ge')
    assert ranking.system.tolist() == []


def test_energies_belong_to_the_rows_that_were_relaxed(aiida_profile_clean):
    """Rejected and unfinished relaxations, and those of other generators, have none."""
    outputs = {
        FIRST: proposed(),
        'rounds__round_1__relaxed': relaxed(
            [3, 1, 0, 2, 2],
            [-1.5, -2.25, -1.0, -1.0, -7.0],
            rejection=np.array(['', '', 'unphysical', '', '']),
            converged=np.array([True, True, True, False, True]),
            generator=np.array(['site_network'] * 4 + ['random_symmetric']),
        ),
        'references': references(),
    }
    (ranking,) = search_rankings(results(outputs))
    np.testing.assert_allclose(ranking.above_hull, [np.nan, -0.25, np.nan, 0.5])
    assert ranking.engine == '7net-0'


@pytest.mark.parametrize('engine', [None, {**ENGINE, 'name': 'chgnet'}])
def test_there_is_no_hull_without_references_of_the_engine(aiida_profile_clean, engine):
    """Energies of different engines are never compared."""
    outputs = {FIRST: proposed(), 'rounds__round_1__relaxed': relaxed([0], [-2.0])}
    if engine:
        outputs['references'] = references(engine)
    (ranking,) = search_rankings(results(outputs))
    assert np.isnan(ranking.above_hull).all()
    assert ranking.engine == ''


def test_emulated_energies_are_named_as_such(aiida_profile_clean):
    """Whoever reads the name of the engine is told."""
    engine = {**ENGINE, 'emulated': True}
    outputs = {
        FIRST: proposed(),
        'rounds__round_1__relaxed': relaxed([0], [-2.0]).with_metadata(engine=engine),
        'references': references(engine),
    }
    (ranking,) = search_rankings(results(outputs))
    assert ranking.engine == '7net-0 (emulated)'


def test_what_a_later_round_repeats_counts_once(aiida_profile_clean):
    """New candidates of the second round are sorted in; those of the first keep their energies."""
    later = proposed([*OFFERED, (MN, MN, MN, LI)], start=-1.5)
    outputs = {
        FIRST: proposed(),
        'rounds__round_2__proposals__site_network': later,
        'rounds__round_1__relaxed': relaxed([0], [-1.0]),
        'references': references(),
    }
    (ranking,) = search_rankings(results(outputs))
    assert ranking.formulas == ('LiMn', 'Li2Mn', 'LiMn', 'LiMn2', 'LiMn3')
    assert ranking.log_likelihoods.tolist() == [-1, -2, -3, -4, -5.5]
    np.testing.assert_allclose(ranking.above_hull, [1.0] + [np.nan] * 4)


def test_rejected_proposals_have_no_rank(aiida_profile_clean):
    """They were not made."""
    rejection = np.array(['', 'too dense', '', ''])
    (ranking,) = search_rankings(results({FIRST: proposed(rejection=rejection)}))
    assert ranking.formulas == ('LiMn', 'LiMn', 'LiMn2')


def test_generators_that_do_not_rank_have_no_ranking(aiida_profile_clean):
    """Their proposals have no likelihoods."""
    blind = crystals(OFFERED).with_columns(rejection=Column(np.full(4, '')))
    outputs = {'rounds__round_1__proposals__random': blind}
    assert search_rankings(results(outputs, random={'composition': 'LiMn'})) == ()
    assert search_rankings(results({}, random={'composition': 'LiMn'})) == ()


def test_a_model_that_two_generators_share_is_shown_once(aiida_profile_clean, checkpoint):
    """Its knowledge of elements stands with the first of them."""
    checkpoint.store()
    labels = ('site_network', 'paper')
    outputs = {f'rounds__round_1__proposals__{label}': proposed() for label in labels}
    outputs |= {f'checkpoints__{label}': checkpoint for label in labels}
    asked = {label: {'composition': 'Li-Mn'} for label in labels}
    first, second = search_rankings(results(outputs, **asked))
    assert first.element_map.symbols == first.confusion.symbols == ('Li', 'Mn')
    assert first.element_map.blocks == ('s', 'd')
    assert first.confusion.counts.tolist() == [[3, 1], [0, 6]]
    assert second.element_map is second.confusion is None


def stored_proposals(found, checkpoint=None):
    """Return proposals as what a process has made."""
    request = {'composition': 'Li-Mn'}
    inputs = {'method': orm.Str('site_network'), 'request': orm.Dict(request)}
    if checkpoint is not None:
        inputs['checkpoint'] = checkpoint
    process = orm.CalcFunctionNode()
    for name, one in inputs.items():
        process.base.links.add_incoming(one.store(), LinkType.INPUT_CALC, name)
    process.base.attributes.set('version', {'core': '2.9.4', 'plugin': '0.1.0'})
    process.store()
    node = node_from_crystals(found)
    node.base.links.add_incoming(process, LinkType.CREATE, 'proposals')
    return node.store()


def test_proposals_have_a_report_of_their_own(aiida_profile_clean, checkpoint):
    """It tells the composition, the model, and where everything comes from."""
    node = stored_proposals(proposed().with_metadata(source={'templates': 960}), checkpoint)
    report = proposal_report(node.pk)
    assert report.title == 'Proposals for Li-Mn'
    assert len(report.ranking) == 4
    assert report.ranking.element_map.symbols == ('Li', 'Mn')
    assert (report.facts['Formulas'], report.facts['Templates']) == ('3', '960')
    assert [one.description for one in report.nodes] == ['proposals', 'process', 'checkpoint']
    assert report.versions == {'aiida-crystalgen': '0.1.0', 'aiida-core': '2.9.4'}
    assert node.uuid in render_proposals(report)


def test_proposals_without_a_model_have_a_ranking_alone(aiida_profile_clean):
    """Nothing is known of elements then."""
    report = proposal_report(stored_proposals(proposed()).uuid)
    assert report.ranking.element_map is None
    assert len(report.nodes) == 2


def test_proposals_that_are_not_ranked_have_no_report(aiida_profile_clean):
    """The message says which they are."""
    node = stored_proposals(crystals(OFFERED))
    with pytest.raises(ValueError, match=f'the proposals {node.pk} of site_network are not ranked'):
        proposal_report(node.pk)


def test_a_model_without_test_sites_has_no_confusion(aiida_profile_clean, checkpoint, monkeypatch):
    """There is a map all the same."""
    empty = (np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.int64))
    generator = ranking_figures.load_generator('site_network')
    generator.element_confusion = lambda _: empty
    monkeypatch.setattr(ranking_figures, 'load_generator', lambda _: generator)
    report = proposal_report(stored_proposals(proposed(), checkpoint).pk)
    assert report.ranking.confusion is None
    assert report.ranking.element_map is not None


def test_formulas_of_a_system_are_those_that_were_chosen(aiida_profile_clean):
    """Its report compares energies of crystals of any formula that was relaxed."""
    found = results({FIRST: proposed(), 'rounds__round_1__relaxed': relaxed([0, 1], [-1.0, -2.0])})
    assert found.formulas == ('LiMn', 'Li2Mn')
    assert found.comparable(found.relaxed).all()
    assert results({FIRST: proposed()}).formulas == ()

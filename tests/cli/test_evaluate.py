"""Evaluations from the command line."""

import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.data.groups import load_dataset
from aiida_crystalgen.queries import proposals
from aiida_crystalgen.queries.evaluations import evaluations_of


@pytest.fixture
def run(finished_search):
    """Return a function that evaluates with arguments."""

    def invoke(*arguments):
        words = ['model', 'evaluate', *(str(one) for one in arguments)]
        return CliRunner().invoke(crystalgen, words)

    return invoke


@pytest.fixture
def found(finished_search):
    """Return what the small search has proposed at random."""
    return finished_search.outputs.rounds.round_1.proposals.random_symmetric


def evaluations():
    """Return the processes that have evaluated, the last one first."""
    query = orm.QueryBuilder().append(
        orm.CalcFunctionNode, filters={'attributes.process_label': 'evaluate'}, tag='process'
    )
    return query.order_by({'process': {'id': 'desc'}}).all(flat=True)


def test_proposals_stand_beside_real_crystals(run, found):
    """The table has both columns, and the graph what it was made of."""
    result = run(found.pk, '--references', 'silicon', '--protocol', 'fast', '--seed', 3)
    assert result.exit_code == 0, result.output
    assert 'real crystals of the references' in result.output
    lines = {line.split('  ')[0]: line.split()[-4:] for line in result.output.splitlines()}
    assert lines['Plausible composition'] == ['100.0', '%', '100.0', '%']
    assert 'Novel among these' not in lines
    (process,) = evaluations()
    assert process.inputs.generated.uuid == found.uuid
    assert process.inputs.seed.value == 3
    (shown,) = evaluations_of([found.pk])
    assert shown.generated == process.outputs.result.get_dict()['generated']


def test_novelty_is_judged_by_what_is_named(run, found):
    """The training set is an input then."""
    options = ('--references', 'silicon', '--training', 'silicon', '--protocol', 'fast')
    result = run(found.pk, *options)
    assert result.exit_code == 0, result.output
    assert 'Novel among these' in result.output
    assert evaluations()[0].inputs.training.uuid == load_dataset('silicon').uuid


def test_a_model_proposes_first(run, finished_search):
    """It is asked for the formulas of the references, and knows what it was trained on."""
    model = finished_search.outputs.checkpoints.rdf_vae
    options = ('--candidates', 12, '--formula-units', 2, '--protocol', 'fast')
    result = run(model.pk, '--references', 'silicon', *options)
    assert result.exit_code == 0, result.output
    newest = proposals()[0]
    assert (newest.composition, newest.number, newest.model) == ('Si', 12, model.pk)
    process = evaluations()[0]
    assert process.inputs.generated.pk == newest.pk
    assert 'training' in process.inputs


def test_several_compositions_become_one_set(run, finished_search):
    """Candidates are shared among them."""
    model = finished_search.outputs.checkpoints.rdf_vae
    options = ('--candidates', 8, '--formula-units', 2, '--protocol', 'fast')
    named = ('--composition', 'Si', '--composition', 'Ge')
    result = run(model.pk, '--references', 'silicon', *named, *options)
    assert result.exit_code == 0, result.output
    assert evaluations()[0].inputs.generated.number == 8


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('nothing', '--references', 'silicon'), "'nothing' is neither a model nor"),
        (('nothing', '--references', 'gold'), "there is no dataset 'gold'"),
        (('nothing', '--references', 'silicon', '--protocol', 'x'), "protocol 'x'"),
        (('nothing', '--references', 'silicon', '--training', 'gold'), "no dataset 'gold'"),
    ],
)
def test_mistakes_are_sentences(run, arguments, message):
    """What was wrong is told in a line."""
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in result.output


def test_too_many_formulas_are_not_proposed(run, finished_search, monkeypatch):
    """The sentence says what to do instead."""
    monkeypatch.setattr('aiida_crystalgen.cli.evaluate._MOST_FORMULAS', 0)
    model = finished_search.outputs.checkpoints.rdf_vae
    result = run(model.pk, '--references', 'silicon')
    assert result.exit_code == 1
    assert 'name those to propose with --composition' in result.output

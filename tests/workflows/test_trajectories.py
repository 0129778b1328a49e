"""Training sets from relaxations of random crystals, through AiiDA."""

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node

from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.workflows.trajectories import TrajectoriesWorkChain

NUMBERS = {
    'candidates': 6,
    'formula_units': [2, 4],
    'relax': {'potential': 'stillinger-weber', 'processes': 1},
    'frames': {'largest_number': 5, 'window': 4.0},
    'seed': 3,
}


@pytest.fixture
def make(aiida_profile_clean):
    """Return a function that makes a training set, and gives the process."""

    def run(composition='Si', code=None, **changes):
        builder = TrajectoriesWorkChain.get_builder_from_protocol(
            composition, protocol='fast', code=code, overrides={**NUMBERS, **changes}
        )
        return run_get_node(builder)[1]

    return run


@pytest.fixture(scope='module')
def finished(aiida_profile):
    """Return the finished process of a small training set."""
    aiida_profile.reset_storage()
    builder = TrajectoriesWorkChain.get_builder_from_protocol(
        'Si', protocol='fast', overrides=NUMBERS
    )
    node = run_get_node(builder)[1]
    assert node.is_finished_ok, node.exit_message
    return node


def test_a_training_set_has_what_is_learned(finished):
    """Each row has an energy, a label of its own, its trajectory and its step."""
    training = finished.outputs.training
    crystals = crystals_from_node(training)
    assert {'energy', 'label', 'trajectory', 'step', 'max_force'} <= set(training.properties)
    assert training.properties['energy'] == 'eV/atom'
    assert training.facts['engine']['name'] == 'stillinger-weber'
    assert np.isfinite(crystals['energy']).all()
    assert len(set(crystals['label'])) == len(crystals)
    assert np.bincount(crystals['trajectory']).max() <= 5


def test_trajectories_lead_to_the_relaxed_crystals(finished):
    """The last frame of a trajectory is the relaxed crystal of its row, bit for bit."""
    training, relaxed = (
        crystals_from_node(finished.outputs[name]) for name in ('training', 'relaxed')
    )
    for row in np.unique(training['trajectory']).tolist():
        last = training.select(np.flatnonzero(training['trajectory'] == row)[-1:])
        there = relaxed.select([row])
        np.testing.assert_array_equal(last.lattices, there.lattices)
        np.testing.assert_array_equal(last.fractional_coordinates, there.fractional_coordinates)
        assert last['energy'][0] == there['energy'][0]


def test_energies_are_those_of_the_potential(finished):
    """Whoever evaluates the rows again gets the energies that are learned from."""
    crystals = crystals_from_node(finished.outputs.training)
    again = load_potential('stillinger-weber').evaluate(crystals.without_columns())
    np.testing.assert_allclose(crystals['energy'], again.energies / crystals.counts, atol=1e-10)


def test_provenance_leads_to_the_potential_and_the_random_crystals(finished):
    """A query from the training set finds what it was made of, and how."""
    query = orm.QueryBuilder()
    query.append(StructureSetData, filters={'uuid': finished.outputs.training.uuid}, tag='training')
    relaxations = {'attributes.process_label': 'relax'}
    query.append(orm.CalcFunctionNode, with_descendants='training', filters=relaxations, tag='one')
    query.append(orm.Str, with_outgoing='one', project='attributes.value')
    generator = 'attributes.metadata.source.generator'
    query.append(StructureSetData, with_outgoing='one', project=generator, tag='random')
    query.append(orm.CalcFunctionNode, with_descendants='random', tag='proposing')
    query.append(orm.Int, with_outgoing='proposing', project='attributes.value')
    found = {tuple(row) for row in query.all()}
    assert found == {('stillinger-weber', 'random_symmetric', 3)}


def test_the_same_seed_gives_the_same_bits(make):
    """Two training sets with equal inputs are equal; another seed gives another."""
    first, second, other = (make(seed=seed).outputs.training for seed in (5, 5, 6))
    ours, theirs = (one.base.caching.compute_hash() for one in (first, second))
    assert ours == theirs
    assert other.base.caching.compute_hash() != ours


def test_jobs_give_what_the_process_gives(make, crystalgen_code):
    """Done by jobs, every bit is the same."""
    node = make(code=crystalgen_code)
    assert node.is_finished_ok, node.exit_message
    here = make().outputs.training.base.caching.compute_hash()
    assert node.outputs.training.base.caching.compute_hash() == here


def test_clusters_are_learned_from_as_well(make):
    """Random clusters in their boxes stay clusters."""
    node = make('Pt', periodic=False, formula_units=[5], relax={'potential': 'emt', 'processes': 1})
    assert node.is_finished_ok, node.exit_message
    crystals = crystals_from_node(node.outputs.training)
    assert not crystals.periodic
    assert 'stress' not in crystals


def test_a_window_leaves_high_energies_out(make):
    """No row is higher above the lowest one than is asked for, and the number is recorded."""
    node = make(frames={'window': 0.5})
    energies = crystals_from_node(node.outputs.training)['energy']
    assert np.ptp(energies) <= 0.5


@pytest.mark.parametrize(
    ('composition', 'changes', 'status', 'message'),
    [
        ('Ge', {}, 461, 'does not know the element Ge'),
        ('Si', {'distances': {'Si-Si': 9.0}, 'attempts': 1}, 460, 'none of 6 candidates'),
        (
            'Si',
            {
                'relax': {
                    'potential': 'stillinger-weber',
                    'processes': 1,
                    'limits': {'shortest_bond': 3},
                }
            },
            462,
            '6 of 6 crystals ended unphysical',
        ),
    ],
)
def test_what_cannot_be_learned_from_ends_with_its_reason(
    make, composition, changes, status, message
):
    """The exit code tells the stage, the message the reason."""
    node = make(composition, **changes)
    assert node.exit_status == status
    assert message in node.exit_message


@pytest.mark.parametrize(
    ('composition', 'changes', 'message'),
    [
        ('Xx', {}, "'Xx' is no formula"),
        ('Si', {'frames': {'largest_number': 0}}, "'relax.frames.largest_number' is 0"),
        ('Si', {'frames': {'every': 3}}, "unknown key 'frames.every'"),
        ('Si', {'relax': {'potential': '7net'}}, "unknown potential '7net'"),
        ('Si', {'relax': {'fmax': -1}}, "'relax.fmax' is -1"),
        ('Si', {'space_groups': [1], 'periodic': False}, 'clusters have no space group'),
        ('Si', {'space_groups': [230], 'formula_units': [1]}, 'no Wyckoff positions'),
        ('Si', {'distances': {'Si-O': 1.6}}, "'distances' names Si-O"),
    ],
)
def test_impossible_choices_are_refused_before_anything_runs(make, composition, changes, message):
    """The sentence names the key or the value that does not fit."""
    with pytest.raises(ValueError, match=message):
        make(composition, **changes)

"""The verification of phases, run with a classical potential and through the VASP emulator."""

import pytest
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.shortlist import lowest_of_each
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.verify import VerifyWorkChain

ENGINE = {'name': 'stillinger-weber', 'package': 'matscipy', 'version': '1'}


@pytest.fixture
def phases(silicon):
    """Return diamond and a compressed copy that is another phase before it is relaxed."""
    import numpy as np

    crystals = concatenate([silicon(5.43), silicon(5.1)])
    return crystals.with_columns(
        energy=np.array([-4.33, -4.0]),
        rejection=np.array(['', '']),
        converged=np.array([True, True]),
        generator=np.array(['any', 'any']),
        proposal_row=np.arange(2),
        relaxed_row=np.arange(2),
        round=np.ones(2, dtype=np.int64),
        copies=np.ones(2, dtype=np.int64),
        label=np.array(['diamond', 'small']),
    ).with_metadata(engine=ENGINE)


@pytest.fixture
def potential():
    """Return the inputs of a potential as the engine."""
    changes = protocol_inputs('verify')['relax'] | {'processes': 1}
    settings = protocol_inputs('relax', 'balanced', changes)
    del settings['potential']
    return {'potential': {'potential': 'stillinger-weber', 'settings': settings}}


@pytest.mark.usefixtures('aiida_profile_clean')
def test_phases_are_relaxed_judged_and_recorded(phases, potential):
    """Copies become one phase, stable by phonons and elastic constants, with its graph."""
    node = node_from_crystals(phases).store()
    builder = VerifyWorkChain.get_builder_from_protocol(node, node, potential, protocol='fast')
    results, process = run_get_node(builder)
    assert process.is_finished_ok, process.exit_message
    assert sorted(results['records']) == ['row_0_diffraction', 'row_0_record', 'row_0_structure']
    record = results['records']['row_0_record']
    assert record['space_group'] == 227
    assert record['copies'] == 2
    assert record['phonons']['verdict'] != 'imaginary'
    assert record['elasticity']['stable']
    assert record['energy_above_hull'] == pytest.approx(0, abs=1e-3)
    assert record.creator.inputs.phases.creator.inputs.relaxed.uuid == results['relaxed'].uuid


@pytest.mark.usefixtures('aiida_profile_clean')
def test_checks_are_optional(phases, potential):
    """Without phonons and elasticity a phase is relaxed and recorded."""
    node = node_from_crystals(phases).store()
    overrides = {'phonons': False, 'elasticity': False, 'shortlist': 1}
    builder = VerifyWorkChain.get_builder_from_protocol(
        node, node, potential, protocol='fast', overrides=overrides
    )
    results, process = run_get_node(builder)
    assert process.is_finished_ok, process.exit_message
    assert results['relaxed'].number == 1
    assert results['records']['row_0_record']['phonons'] is None
    assert not [one for one in process.called if one.process_label == 'ElasticWorkChain']


def test_the_lowest_of_each_composition_are_chosen(phases):
    """Rejected crystals do not count, and the order of the rows is kept."""
    assert lowest_of_each(phases, 1).tolist() == [0]
    assert lowest_of_each(phases, 5).tolist() == [0, 1]


def test_it_is_found_by_its_entry_point():
    """The plugin system knows the work chain."""
    assert WorkflowFactory('crystalgen.verify') is VerifyWorkChain

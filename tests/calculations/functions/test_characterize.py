"""The calcfunction that records one structure."""

import numpy as np
import pytest
from aiida import orm

from aiida_crystalgen.calculations.functions.characterize import characterize
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.science.crystals import Column
from aiida_crystalgen.science.records import PhaseRecord
from aiida_crystalgen.workflows.protocol import protocol_inputs

pytestmark = pytest.mark.usefixtures('aiida_profile')

ENGINE = {'name': 'vasp-emulator', 'package': 'ase', 'version': '3', 'emulated': True}


@pytest.fixture
def phases(silicon):
    """Return a set of diamond silicon with energies."""
    energies = Column(np.array([-5.4, -5.3]), 'eV/atom')
    return node_from_crystals(
        silicon(5.43, 5.6).with_columns(energy=energies).with_metadata(engine=ENGINE)
    )


@pytest.fixture
def settings():
    """Return the settings that the protocols of a search give."""
    search = protocol_inputs('search')
    return {
        'symmetry_tolerance': search['phases']['symmetry_tolerance'],
        'rdf': search['rdf'],
        'duplicates': search['duplicates'],
        **protocol_inputs('characterization'),
    }


def test_record_names_the_nodes_it_came_from(phases, settings):
    """The record is JSON that says all, and its graph leads back to the verdicts."""
    phonons = orm.Dict({'verdict': 'stable', 'engine': ENGINE}).store()
    results, node = characterize.run_get_node(
        phases=phases,
        row=orm.Int(1),
        references=phases,
        settings=orm.Dict(settings),
        phonons=phonons,
    )
    record = PhaseRecord.parse(results['record'].get_dict())
    assert (record.label, record.phonon_verdict, record.is_emulated) == ('P2', 'stable', True)
    assert record.energy_above_hull == pytest.approx(0.1)
    assert record.nodes == {
        name: node.inputs[name].uuid for name in ('phases', 'references', 'phonons')
    }


def test_pattern_can_be_plotted(phases, settings):
    """Angles in degrees and intensities in % come as curves that AiiDA knows how to show."""
    results = characterize(
        phases=phases, row=orm.Int(0), references=phases, settings=orm.Dict(settings)
    )
    name, angles, unit = results['diffraction'].get_x()
    assert (name, unit) == ('two_theta', 'degrees')
    heights = results['diffraction'].get_y()[0][1]
    assert heights.max() == pytest.approx(100)
    assert angles[heights.argmax()] == pytest.approx(28.46, abs=0.02)


def test_what_cannot_be_characterized_ends_with_a_reason(phases, settings):
    """The exit code is that of all refusals."""
    _, node = characterize.run_get_node(
        phases=phases, row=orm.Int(7), references=phases, settings=orm.Dict(settings)
    )
    assert node.exit_status == 410
    assert 'no row 7 among 2 phases' in node.exit_message

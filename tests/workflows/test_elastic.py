"""The elastic work chain, run with a classical potential."""

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals, structure_from_row
from aiida_crystalgen.science.relaxation import RelaxSettings
from aiida_crystalgen.science.stability.elasticity import ElasticSettings
from aiida_crystalgen.workflows.elastic import ElasticWorkChain, _divisions
from aiida_crystalgen.workflows.protocol import available_protocols, protocol_inputs

pytestmark = pytest.mark.usefixtures('aiida_profile')


def engine(potential='stillinger-weber', **changes):
    """Return the inputs of a potential as the engine."""
    settings = protocol_inputs('relax', 'balanced', {'processes': 1, **changes})
    del settings['potential']
    return {'potential': {'potential': potential, 'settings': settings}}


@pytest.fixture
def builder(silicon):
    """Return a function that makes a builder for diamond silicon of a lattice constant in Å."""

    def build(edge=5.431, potential='stillinger-weber', **overrides):
        return ElasticWorkChain.get_builder_from_protocol(
            structure_from_row(silicon(edge), 0), engine=engine(potential), overrides=overrides
        )

    return build


def test_silicon_is_measured_and_its_graph_is_whole(builder):
    """The verdict is that of the Stillinger–Weber potential, by the nodes that it came from."""
    results, node = run_get_node(builder())
    assert node.is_finished_ok, node.exit_message
    verdict = results['elasticity'].get_dict()
    assert verdict['stable']
    assert verdict['engine']['name'] == 'stillinger-weber'
    found = [verdict['stiffness'][row][column] for row, column in ((0, 0), (0, 1), (3, 3))]
    np.testing.assert_allclose(found, [151.4, 76.4, 56.4], atol=0.1)
    fit = results['elasticity'].creator
    assert fit.inputs.relaxed.uuid == results['strained'].uuid
    symmetrized = fit.inputs.strained.creator.inputs.structure
    assert symmetrized.uuid == results['symmetrized'].uuid
    assert symmetrized.creator.inputs.structure.uuid == node.inputs.structure.uuid
    assert len(symmetrized.sites) == 2


def test_ions_relax_and_cells_do_not(builder):
    """The engine's freedom is that of the ions, and its forces are small enough for a strain."""
    inputs = builder(magnitudes=[0.01])
    assert inputs.potential.settings['freedom'] == 'cell'
    assert inputs.potential.settings['fmax'] > 0.01
    results, node = run_get_node(inputs)
    relaxed = crystals_from_node(results['strained'])
    strained = crystals_from_node(results['elasticity'].creator.inputs.strained)
    np.testing.assert_allclose(relaxed.lattices, strained.lattices, atol=1e-12)
    assert relaxed['steps'].max() > 0
    assert relaxed['max_force'].max() < inputs.settings['engines']['potential']['fmax']
    labels = sorted(link.link_label for link in node.base.links.get_outgoing().all())
    assert [one for one in labels if one in {'symmetrize', 'strain', 'relax'}] == [
        'relax',
        'strain',
        'symmetrize',
    ]


@pytest.mark.slow
def test_vasp_gives_the_constants_of_its_potential(builder, vasp_emulator, silicon):
    """Through the work chains of aiida-vasp the emulator gives the same, and is named so."""
    direct, _ = run_get_node(builder())
    structure = structure_from_row(silicon(5.431), 0)
    vasp = WorkflowFactory('crystalgen.relax.vasp').get_builder_from_protocol(
        node_from_crystals(silicon(5.431)),
        vasp_emulator(),
        protocol='fast',
        overrides={
            'potential_family': 'EMULATED',
            'options': {'withmpi': False, 'resources': {'num_machines': 1}},
        },
    )
    names = ('code', 'settings', 'options', 'max_concurrent')
    results, node = run_get_node(
        ElasticWorkChain.get_builder_from_protocol(
            structure, engine={'vasp': {name: vasp[name] for name in names}}
        )
    )
    assert node.is_finished_ok, node.exit_message
    verdict = results['elasticity'].get_dict()
    assert verdict['engine']['emulated'] is True
    used = results['strained'].creator.caller.inputs.settings
    assert (used['kpoints_spacing'], used['kpoints_mesh']) == (None, [7, 7, 7])
    np.testing.assert_allclose(
        verdict['stiffness'], direct['elasticity']['stiffness'], rtol=2e-3, atol=0.1
    )


@pytest.mark.parametrize(
    ('inputs', 'status', 'message'),
    [
        ({'symmetry_tolerance': 3.0}, 440, 'spglib finds no space group'),
        ({'edge': 5.2}, 442, 'relax its cell with the same engine first'),
    ],
)
def test_what_cannot_be_measured_ends_with_a_reason(inputs, status, message, builder):
    """The exit code says at which stage, its message why."""
    _, node = run_get_node(builder(**inputs))
    assert node.exit_status == status
    assert message in node.exit_message


def test_an_engine_that_fails_ends_with_its_reason(builder):
    """So does a potential that does not know the element."""
    _, node = run_get_node(builder(potential='emt'))
    assert node.exit_status == 441
    assert "'emt' does not know the element Si" in node.exit_message


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'magnitudes': [-0.01]}, 'magnitudes.0'),
        ({'magnitude': [0.01]}, "unknown key 'magnitude'. Did you mean 'magnitudes'"),
        ({'engines': {'vsap': {}}}, "unknown key 'engines.vsap'. Did you mean 'vasp'"),
    ],
)
def test_settings_are_checked_at_the_port(settings, message, builder):
    """Nothing runs with numbers that mean nothing."""
    inputs = builder()
    with pytest.raises(ValueError, match=message):
        inputs.settings = {**inputs.settings.get_dict(), **settings}


@pytest.mark.parametrize('protocol', available_protocols('elastic'))
def test_protocols_are_complete(protocol, silicon):
    """Each gives all numbers, and what it changes fits the settings of the engines."""
    settings = ElasticSettings.parse(protocol_inputs('elastic', protocol))
    structure = structure_from_row(silicon(5.431), 0)
    builder = ElasticWorkChain.get_builder_from_protocol(structure, protocol=protocol)
    assert ElasticSettings.parse(builder.settings.get_dict()) == settings
    assert builder.potential.potential == orm.Str('7net-0')
    given = builder.potential.settings.get_dict()
    RelaxSettings.parse({**given, **settings.engines['potential']})
    protocol_inputs('relax_vasp', protocol, settings.engines['vasp'])


def test_strained_cells_share_the_mesh_of_the_unstrained_one(silicon):
    """Divisions are those that AiiDA makes of the spacing, 2π/Å, for the given cell."""
    structure = structure_from_row(silicon(5.0), 0)
    assert _divisions(structure, 0.0401) == [5, 5, 5]
    assert _divisions(structure, 0.0399) == [6, 6, 6]

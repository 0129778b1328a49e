"""The phonon work chain, run with classical potentials."""

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory
from ase.spacegroup import crystal

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals, structure_from_row
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.relaxation import RelaxSettings
from aiida_crystalgen.science.stability.phonons.settings import PhononSettings
from aiida_crystalgen.workflows.phonon import PhononWorkChain
from aiida_crystalgen.workflows.protocol import available_protocols, protocol_inputs

pytestmark = pytest.mark.usefixtures('aiida_profile')

# Soft modes take forces, cells and symmetry that are more exact than usual.
SOFT_MODES = {
    'symmetry_tolerance': 0.001,
    'engines': {'potential': {'fmax': 0.0003}},
    'following': {'rounds': 5},
}
CORNERS = [[0.0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]


def engine(potential='stillinger-weber', **changes):
    """Return the inputs of a potential as the engine."""
    settings = protocol_inputs('relax', 'balanced', {'processes': 1, **changes})
    del settings['potential']
    return {'potential': {'potential': potential, 'settings': settings}}


@pytest.fixture
def builder(silicon):
    """Return a function that makes a builder for silicon, of fcc with an edge in Å if given one."""

    def build(fcc=None, potential='stillinger-weber', **overrides):
        crystal = silicon(5.431)
        if fcc is not None:
            numbers = np.full(4, 14)
            crystal = CrystalSet(fcc * np.eye(3)[None], np.array(CORNERS), numbers, np.array([4]))
        return PhononWorkChain.get_builder_from_protocol(
            structure_from_row(crystal, 0),
            engine=engine(potential),
            protocol='fast',
            overrides=overrides,
        )

    return build


def test_silicon_is_stable_and_its_graph_is_whole(builder):
    """The verdict has the nodes that it came from, with the engine that gave the forces."""
    results, node = run_get_node(builder())
    assert node.is_finished_ok, node.exit_message
    verdict = results['phonons'].get_dict()
    assert (verdict['verdict'], verdict['space_group']) == ('stable', 227)
    assert verdict['engine']['name'] == 'stillinger-weber'
    assert 'followed' not in results
    analysis = results['phonons'].creator
    assert analysis.inputs.evaluated.uuid == results['supercells'].uuid
    symmetrized = analysis.inputs.supercells.creator.inputs.structure
    assert symmetrized.uuid == results['symmetrized'].uuid
    assert symmetrized.creator.inputs.structure.uuid == node.inputs.structure.uuid


def test_outputs_are_those_that_aiida_plots(builder):
    """Bands have THz, labels and a cell; density and thermal properties have names and units."""
    results, _ = run_get_node(builder())
    bands = results['bands']
    assert bands.units == 'THz'
    assert [name for _, name in bands.labels][:3] == ['GAMMA', 'X', 'U']
    assert 'THz' in bands._exportcontent('mpl_singlefile')[0].decode()
    assert results['dos'].get_x()[2] == 'THz'
    assert [unit for _, _, unit in results['thermal'].get_y()] == ['eV/atom', *2 * ['k_B/atom']]
    weights = results['mesh'].get_kpoints(also_weights=True)[1]
    assert weights.sum() == pytest.approx(1)


def test_supercells_are_evaluated_as_they_are(builder):
    """The engine moves no atom, whatever its own settings say."""
    inputs = builder()
    assert inputs.potential.settings['freedom'] == 'cell'
    results, _ = run_get_node(inputs)
    supercells = crystals_from_node(results['phonons'].creator.inputs.supercells)
    evaluated = crystals_from_node(results['supercells'])
    np.testing.assert_array_equal(
        evaluated.fractional_coordinates, supercells.fractional_coordinates
    )
    assert evaluated['steps'].tolist() == [0, 0]


def test_following_lowers_the_energy_until_it_is_stable(builder):
    """From fcc silicon, unstable at L, imaginary modes lead to a stable crystal."""
    results, node = run_get_node(builder(4.15, following={'rounds': 4}))
    assert node.is_finished_ok, node.exit_message
    assert (results['phonons']['verdict'], results['phonons']['label']) == ('imaginary', 'L')
    assert 'thermal' not in results
    followed = results['followed']
    assert followed['following']['energy_change'] < -0.01
    assert followed['phonons']['energy'] < results['phonons']['energy'] - 0.01
    assert followed['phonons']['verdict'] == 'stable'


def test_without_phonons_of_its_own_the_followed_structure_comes_out(builder):
    """One round relaxes along the modes of one point, and ends."""
    settings = {'rounds': 1, 'points': 1, 'phonons': False}
    results, node = run_get_node(builder(4.15, following=settings))
    assert node.is_finished_ok, node.exit_message
    assert set(results['followed']) == {'following', 'structure'}
    assert len(results['followed']['following']['modes']) == 1
    displaced = results['followed']['structure'].creator.inputs.displaced
    assert displaced.creator.inputs.force_constants.uuid == results['force_constants'].uuid


@pytest.mark.slow
def test_vasp_gives_the_phonons_of_its_potential(builder, vasp_emulator, silicon):
    """Through the work chains of aiida-vasp the emulator gives the same, and is named so."""
    direct, _ = run_get_node(builder())
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
    builder = PhononWorkChain.get_builder_from_protocol(
        structure_from_row(silicon(5.431), 0),
        engine={'vasp': {name: vasp[name] for name in names}},
        protocol='fast',
    )
    results, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    assert results['phonons']['engine']['emulated'] is True
    ours, theirs = (one['bands'].get_bands() for one in (results, direct))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow
def test_strontium_titanate_is_unstable_and_its_modes_lead_to_a_lower_phase():
    """Cubic SrTiO3 is unstable at Γ and R; its modes lead to a lower phase without such."""
    places = np.array([[0.0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    numbers = np.array([38, 22, 8, 8, 8])
    perovskite = CrystalSet(3.9444 * np.eye(3)[None], places, numbers, np.array([5]))
    builder = PhononWorkChain.get_builder_from_protocol(
        structure_from_row(perovskite, 0),
        engine=engine('7net-0'),
        protocol='fast',
        overrides=SOFT_MODES,
    )
    results, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    points = {one['label']: one for one in results['phonons']['imaginary_points']}
    assert points['Γ']['frequency'] == pytest.approx(-3.2, abs=0.2)
    assert points['R']['frequency'] == pytest.approx(-1.95, abs=0.2)
    assert points['Γ']['commensurate']
    assert points['R']['commensurate']
    assert results['followed']['following']['energy_change'] < -5e-4
    assert results['followed']['phonons']['energy'] < results['phonons']['energy'] - 1e-3
    # Its acoustic branches are imaginary where the supercell cannot tell; the sound is stable.
    last = results['followed']['phonons']
    assert (last['verdict'], last['imaginary_points']) == ('acoustic noise', [])
    assert last['elastically_stable'] is True


@pytest.mark.slow
@pytest.mark.parametrize('given', [True, False])
def test_elastic_constants_decide_what_the_supercell_is_too_small_for(given):
    """Two cells of SnSe leave an acoustic branch to the interpolation; its sound is stable."""
    places = [[x, 0.25, z] for x, z in ((0.1223, 0.1275), (0.8547, 0.4552))]
    atoms = crystal(
        ['Sn', 'Se'], places, spacegroup=62, cellpar=[11.9022, 4.1979, 4.5234, *3 * [90]]
    )
    builder = PhononWorkChain.get_builder_from_protocol(
        orm.StructureData(ase=atoms),
        engine=engine('7net-0'),
        protocol='fast',
        overrides={'verdict': {'acoustic_tolerance': 0.1}},
    )
    if not given:
        del builder['elasticity']
    results, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    verdict = results['phonons'].get_dict()
    assert verdict['interpolated']
    assert verdict['elastically_stable'] is (True if given else None)
    assert verdict['verdict'] == ('acoustic noise' if given else 'imaginary')


@pytest.mark.parametrize(
    ('inputs', 'status', 'message'),
    [
        ({'symmetry_tolerance': 3.0}, 450, 'spglib finds no space group'),
        ({'potential': 'emt'}, 451, "'emt' does not know the element Si"),
    ],
)
def test_what_fails_ends_with_its_reason(inputs, status, message, builder):
    """The exit code says at which stage, its message why."""
    _, node = run_get_node(builder(**inputs))
    assert node.exit_status == status
    assert message in node.exit_message


def test_rejected_supercells_are_named(builder):
    """A supercell that the engine calls unphysical gives no forces."""
    inputs = builder()
    inputs.potential = engine(limits={'shortest_bond': 2.0})['potential']
    _, node = run_get_node(inputs)
    assert node.exit_status == 452
    assert '2 of 2 supercells have no forces: row 0:' in node.exit_message


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'displacement': -0.01}, 'displacement'),
        ({'minimum_lenght': 10}, "unknown key 'minimum_lenght'. Did you mean 'minimum_length'"),
        ({'engines': {'vsap': {}}}, "unknown key 'engines.vsap'. Did you mean 'vasp'"),
    ],
)
def test_settings_are_checked_at_the_port(settings, message, builder):
    """Nothing runs with numbers that mean nothing."""
    inputs = builder()
    with pytest.raises(ValueError, match=message):
        inputs.settings = {**inputs.settings.get_dict(), **settings}


@pytest.mark.parametrize('protocol', available_protocols('phonon'))
def test_protocols_are_complete(protocol, silicon):
    """Each gives all numbers, and what it changes fits the settings of the engines."""
    settings = PhononSettings.parse(protocol_inputs('phonon', protocol))
    builder = PhononWorkChain.get_builder_from_protocol(
        structure_from_row(silicon(5.431), 0), protocol=protocol
    )
    assert PhononSettings.parse(builder.settings.get_dict()) == settings
    assert builder.potential.potential == orm.Str('7net-0')
    given = builder.potential.settings.get_dict()
    RelaxSettings.parse({**given, **settings.engines['potential']})
    for name in ('quantumespresso', 'vasp'):
        protocol_inputs(f'relax_{name}', protocol, settings.engines[name])

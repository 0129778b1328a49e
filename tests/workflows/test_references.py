"""The work chain of reference energies, run with a classical potential."""

import numpy as np
import pytest
from aiida.engine import run_get_node

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.science.crystals import Column
from aiida_crystalgen.workflows.protocol import available_protocols
from aiida_crystalgen.workflows.references import ReferencesWorkChain
from aiida_crystalgen.workflows.relax_vasp import VaspRelaxWorkChain

pytestmark = pytest.mark.usefixtures('aiida_profile')

RELAX = {'potential': 'stillinger-weber', 'processes': 1, 'fmax': 0.05}


@pytest.fixture
def builder(silicon):
    """Return a function that makes a builder for diamond silicon of lattice constants in Å."""

    def build(*edges, elements=('Si',), relax=RELAX, **overrides):
        known = None
        if edges:
            labels = Column(np.array([f'edge {edge}' for edge in edges]))
            known = node_from_crystals(silicon(*edges).with_columns(label=labels))
        overrides = {'relax': relax, **overrides}
        return ReferencesWorkChain.get_builder_from_protocol(elements, known, overrides=overrides)

    return build


def relaxations(node):
    """Return how many crystals each relaxation of a work chain was given."""
    children = sorted(
        (one for one in node.called if one.process_label == 'PotentialRelaxWorkChain'),
        key=lambda child: child.pk,
    )
    return [child.inputs.structures.number for child in children]


@pytest.mark.usefixtures('aiida_profile_clean')
def test_nothing_is_computed_twice(builder):
    """A later run takes what earlier ones found, and relaxes the rest only."""
    _, first = run_get_node(builder(5.3, 5.5))
    results, second = run_get_node(builder(5.5, 5.4, 5.3))
    assert (relaxations(first), relaxations(second)) == ([2], [1])
    entries = crystals_from_node(results['entries'])
    assert entries['label'].tolist() == ['edge 5.5', 'edge 5.4', 'edge 5.3']
    np.testing.assert_allclose(entries['energy'], -4.336, atol=1e-3)
    earlier = crystals_from_node(first.outputs.entries)
    assert entries['energy'][[2, 0]].tolist() == earlier['energy'].tolist()
    _, third = run_get_node(builder(5.4, 5.3))
    assert relaxations(third) == []
    assert third.is_finished_ok


def test_elements_without_a_known_crystal_get_prototypes(builder):
    """The distinct ones among them come back, diamond as the lowest."""
    results, node = run_get_node(builder(maximum_atoms=2))
    assert node.is_finished_ok, node.exit_message
    references = crystals_from_node(results['references'])
    entries = crystals_from_node(results['entries'])
    assert 'diamond' in references['label'][references['energy'].argmin()]
    assert 1 < len(references) < len(entries)
    assert results['entries'].facts['engine']['name'] == 'stillinger-weber'


def test_other_settings_or_engines_are_not_recalled(builder):
    """Nor is anything if it is not wanted."""
    run_get_node(builder(5.45))
    for changes in (
        {'relax': {**RELAX, 'fmax': 0.06}},
        {'relax': {**RELAX, 'potential': 'tersoff'}},
        {'reuse': False},
    ):
        _, node = run_get_node(builder(5.45, **changes))
        assert relaxations(node) == [1]


def test_a_changed_engine_computes_all_anew(builder, monkeypatch):
    """Energies of an older version of the package are left out, and none are mixed."""
    from aiida_crystalgen.science.potentials.classical import StillingerWeber

    run_get_node(builder(5.31))
    original = StillingerWeber.__init__

    def renewed(self, name):
        original(self, name)
        self.engine = {**self.engine, 'version': '99'}

    monkeypatch.setattr(StillingerWeber, '__init__', renewed)
    results, node = run_get_node(builder(5.31, 5.33))
    assert relaxations(node) == [1, 2]
    assert results['entries'].facts['engine']['version'] == '99'


def test_a_system_without_a_hull_says_so(builder):
    """What there is comes back; the message names the element without an energy."""
    relax = {**RELAX, 'limits': {'shortest_bond': 5.0}}
    results, node = run_get_node(builder(5.43, relax=relax))
    assert node.exit_status == 453
    assert 'no crystal of Si has an energy' in node.exit_message
    assert results['entries'].number == 1


def test_unknown_elements_are_refused_before_anything_runs(builder):
    """The message names what is no element."""
    with pytest.raises(ValueError, match="'Xx' is no symbol of an element"):
        run_get_node(builder(5.43, elements=('Xx',)))


@pytest.mark.parametrize('protocol', available_protocols('references'))
def test_protocols_fill_every_input(protocol):
    """Each gives a builder that needs nothing more."""
    builder = ReferencesWorkChain.get_builder_from_protocol(['Sn', 'Se'], protocol=protocol)
    assert builder.settings['elements'] == ['Se', 'Sn']
    assert builder.potential['potential'].value == '7net-0'
    assert builder.reuse.value


def vasp_inputs(known, code):
    """Return the inputs of the engine VASP as a builder of it has them."""
    overrides = {
        'potential_family': 'EMULATED',
        'kpoints_spacing': 0.5,
        'options': {
            'withmpi': False,
            'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 1},
        },
    }
    builder = VaspRelaxWorkChain.get_builder_from_protocol(
        known, code, protocol='fast', overrides=overrides
    )
    names = ('code', 'settings', 'options', 'max_concurrent')
    return {'vasp': {name: builder[name] for name in names}}


@pytest.mark.usefixtures('aiida_profile_clean')
def test_emulated_energies_are_marked_and_recalled_for_their_code_only(silicon, vasp_emulator):
    """What one code computed is never taken for what another one would have."""
    known, other = (
        node_from_crystals(silicon(5.45).with_columns(label=np.array(['a']))).store()
        for _ in range(2)
    )
    first, second = vasp_emulator(), vasp_emulator(potential='tersoff')
    runs = []
    for structures, code in ((known, first), (other, first), (other, second)):
        engine = vasp_inputs(structures, code)
        builder = ReferencesWorkChain.get_builder_from_protocol(['Si'], structures, engine=engine)
        _, node = run_get_node(builder)
        assert node.is_finished_ok, node.exit_message
        assert node.outputs.references.facts['engine']['emulated']
        runs.append([one for one in node.called if one.process_label == 'VaspRelaxWorkChain'])
    assert [len(run) for run in runs] == [1, 0, 1]


@pytest.mark.slow
@pytest.mark.usefixtures('aiida_profile_clean')
def test_a_potential_screens_prototypes_for_first_principles(silicon, vasp_emulator):
    """VASP gets the lowest of 18 prototypes only, and in a later run none."""
    engine = vasp_inputs(node_from_crystals(silicon(5.4)), vasp_emulator())
    overrides = {'relax': RELAX, 'lowest': 1, 'maximum_atoms': 2}
    computed = []
    for _ in range(2):
        results, node = run_get_node(
            ReferencesWorkChain.get_builder_from_protocol(
                ['Si'], engine=engine, overrides=overrides
            )
        )
        assert node.is_finished_ok, node.exit_message
        assert relaxations(node) == [18]
        runs = [one for one in node.called if one.process_label == 'VaspRelaxWorkChain']
        computed += [one.inputs.structures.number for one in runs]
        references = crystals_from_node(results['references'])
        assert 'diamond' in references['label'].item()
        assert references.metadata['engine']['emulated']
    assert computed == [1]


def test_a_screening_that_fails_ends_with_its_reason(silicon, vasp_emulator):
    """So does a potential that does not know the element; VASP gets nothing."""
    engine = vasp_inputs(node_from_crystals(silicon(5.4)), vasp_emulator())
    overrides = {'relax': {**RELAX, 'potential': 'emt'}, 'maximum_atoms': 2}
    _, node = run_get_node(
        ReferencesWorkChain.get_builder_from_protocol(['Si'], engine=engine, overrides=overrides)
    )
    assert node.exit_status == 454
    assert "'emt' does not know the element Si" in node.exit_message

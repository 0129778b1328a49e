"""What was measured of phases, from hand-made nodes."""

from types import SimpleNamespace

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import calcfunction

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.queries import phase_figures
from aiida_crystalgen.queries.phase_figures import (
    phase_diffraction,
    phase_elasticity,
    phase_hull,
    phase_phonons,
)
from aiida_crystalgen.science.characterization.diffraction import DiffractionPeak
from aiida_crystalgen.science.crystals import CrystalSet

ENGINE = {'name': 'vasp-emulator', 'package': 'sevenn', 'version': '1', 'emulated': True}
VERDICT = {
    'verdict': 'imaginary',
    'smallest_frequency': -5.5,
    'q_point': [0.5, 0.0, 0.5],
    'label': 'X',
    'engine': ENGINE,
}
PEAKS = (
    DiffractionPeak(two_theta=47.3, intensity=100, spacing=1.92, reflections=(((2, 2, 0), 12),)),
    DiffractionPeak(two_theta=28.4, intensity=9, spacing=3.13, reflections=(((1, -1, 1), 8),)),
)


def curve(across, up):
    """Return an unstored curve."""
    node = orm.XyData()
    node.set_x(np.array(across), 'x', 'x')
    node.set_y([np.array(up)], ['y'], ['y'])
    return node


def bands():
    """Return unstored bands of a cube of 2π Å along two lines that do not meet."""
    node = orm.BandsData()
    node.set_cell(np.eye(3) * 2 * np.pi)
    points = [[0, 0, 0], [0.25, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0], [0.4, 0.5, 0], [0.3, 0.5, 0]]
    node.set_kpoints(points, labels=[(0, 'GAMMA'), (2, 'X'), (3, 'M'), (5, 'DELTA_0')])
    node.set_bands(np.arange(18.0).reshape(6, 3), units='THz')
    return node


def made_by(label, outputs, inputs=()):
    """Return outputs as those of one calculation, all of them stored."""
    process = orm.CalcFunctionNode(label=label)
    for name, node in dict(inputs).items():
        process.base.links.add_incoming(node.store(), LinkType.INPUT_CALC, name)
    process.store()
    for name, node in outputs.items():
        node.base.links.add_incoming(process, LinkType.CREATE, name)
        node.store()
    return outputs


@pytest.fixture
def row(aiida_profile_clean):
    """Return what the queries need of a phase that was verified."""
    curves = {'bands': bands(), 'dos': curve([-5.0, 0.0, 9.0], [0.1, 0.0, 2.0])}
    verdict = made_by('phonons', {'phonons': orm.Dict(VERDICT), **curves})['phonons']
    pattern = curve([28.4, 47.3, 56.1], [9.0, 100.0, 3.0])
    settings = orm.Dict({'diffraction': {'wavelength': 1.54184}})
    outputs = {'record': orm.Dict({}), 'diffraction': pattern}
    record = made_by('characterize', outputs, {'settings': settings})['record']
    return SimpleNamespace(
        pk=record.pk,
        nodes={'phonons': verdict.uuid},
        phonons=VERDICT,
        elasticity=None,
        diffraction=PEAKS,
        engine=ENGINE,
        elements=('Si',),
    )


def test_phonons_come_with_their_curves(row):
    """The verdict is that of the record, bands and density of states those of its calculation."""
    phonons = phase_phonons([row])[row.pk]
    assert (phonons.verdict, phonons.place, phonons.emulated) == (
        'imaginary',
        'X (0.5, 0, 0.5)',
        True,
    )
    np.testing.assert_allclose(phonons.bands.frequencies, np.arange(18.0).reshape(6, 3))
    np.testing.assert_allclose(phonons.dos.values, [0.1, 0.0, 2.0])


def test_paths_are_measured_in_reciprocal_space(row):
    """In 1/Å, with no way between two lines that do not meet; Greek names are Greek letters."""
    found = phase_phonons([row])[row.pk].bands
    np.testing.assert_allclose(found.lengths, [0, 0.25, 0.5, 0.5, 0.6, 0.7])
    assert [name for _, name in found.ticks] == ['Γ', 'X|M', 'Δ₀']


def test_patterns_are_whole_and_their_strong_peaks_are_named(row):
    """The curve has all peaks; indices are those that the record keeps."""
    pattern = phase_diffraction([row])[row.pk]
    assert pattern.angles.tolist() == [28.4, 47.3, 56.1]
    assert pattern.indices == ('11\u03051', '220', '')
    assert pattern.wavelength == 1.54184


def test_a_record_alone_gives_its_strongest_peaks(row):
    """Where the curve was not exported with the record, what the record keeps is left."""
    row.pk = -1
    assert phase_diffraction([row])[-1].intensities.tolist() == [100.0, 9.0]
    row.nodes = {}
    assert phase_phonons([row])[-1].bands is None


@pytest.mark.usefixtures('aiida_profile_clean')
def test_what_was_not_measured_is_not_there():
    """A phase of a search without verification has neither."""
    row = SimpleNamespace(pk=1, nodes={}, phonons=None, elasticity=None, diffraction=())
    assert phase_phonons([row]) == phase_diffraction([row]) == {}
    assert phase_elasticity(row) is None


def test_an_unstable_crystal_has_reasons_and_no_moduli():
    """Violated conditions are kept in words."""
    facts = {'stable': False, 'crystal_class': 'cubic', 'moduli': None, 'reasons': ['C44 < 0']}
    elasticity = phase_elasticity(SimpleNamespace(elasticity={**facts, 'engine': ENGINE}))
    assert not elasticity.stable
    assert elasticity.bulk_modulus is None
    assert elasticity.violated == ('C44 < 0',)


def simple_cubic(numbers, energies):
    """Return one-atom or two-atom cubes with energies of one engine."""
    counts = np.array([len(one) for one in numbers])
    coordinates = np.concatenate([np.arange(count)[:, None] / 2 * np.ones(3) for count in counts])
    crystals = CrystalSet(
        lattices=np.repeat(np.eye(3)[None] * 3.0, len(counts), axis=0),
        fractional_coordinates=coordinates,
        atomic_numbers=np.concatenate(numbers),
        counts=counts,
    )
    labels = np.array([f'known {row}' for row in range(len(counts))])
    crystals = crystals.with_columns(energy=np.array(energies, dtype=np.float64), label=labels)
    return crystals.with_metadata(engine=ENGINE)


@calcfunction
def recorded(references):
    """Return a record that was made with references."""
    return orm.Dict({'crystals': references.number})


@pytest.fixture
def binary(aiida_profile_clean, monkeypatch):
    """Return a phase of tin selenide, whose references have both elements."""
    known = simple_cubic([[34], [50]], [-3.0, -4.0])
    record = recorded(node_from_crystals(known))
    phase = simple_cubic([[34, 50]], [-4.0]).with_metadata(engine={})
    monkeypatch.setattr(phase_figures, 'phase_crystals', lambda _: phase)
    return SimpleNamespace(engine=ENGINE, elements=('Se', 'Sn'), pk=record.pk, periodic=True)


def test_hull_is_that_of_the_references_of_the_phases(binary):
    """Half an electronvolt below the line between the elements, and marked as emulated."""
    diagram = phase_hull([binary])
    np.testing.assert_allclose(diagram.phases.above_hull, [-0.5])
    assert diagram.engine['emulated']


@pytest.mark.parametrize(
    'change',
    [
        {'elements': ('Si',)},
        {'elements': ('Ge', 'Se', 'Si', 'Sn')},
        {'pk': -1},
        {'periodic': False},
    ],
    ids=['one element', 'four elements', 'no references', 'a cluster'],
)
def test_there_is_no_hull_of_everything(binary, change):
    """A plane picture needs two or three elements, and something to compare with."""
    assert phase_hull([SimpleNamespace(**{**vars(binary), **change})]) is None


def test_energies_of_two_engines_share_no_hull(binary):
    """A stand-in and the real program are different engines."""
    other = SimpleNamespace(**{**vars(binary), 'engine': {**ENGINE, 'emulated': False}})
    assert phase_hull([binary, other]) is None


def test_an_element_without_a_reference_has_no_hull(binary):
    """The page says so instead."""
    binary.pk = recorded(node_from_crystals(simple_cubic([[34]], [-3.0]))).pk
    assert phase_hull([binary]) is None

"""The record of one crystal."""

import numpy as np
import pytest

from aiida_crystalgen.science.characterization.phase import CharacterizationSettings, characterize
from aiida_crystalgen.science.crystals import Column, concatenate
from aiida_crystalgen.science.records import PhaseRecord

MATCHING = {
    'length_tolerance': 0.1,
    'site_tolerance': 0.15,
    'angle_tolerance': 5.0,
    'scale': True,
}
SETTINGS = CharacterizationSettings.parse(
    {
        'symmetry_tolerance': 0.1,
        'rdf': {'cutoff': 8.0, 'points': 200, 'width': 0.06},
        'duplicates': {**MATCHING, 'fingerprint_distance': 0.1, 'cluster_tolerance': 0.3},
        'prototypes': MATCHING,
        'diffraction': {'wavelength': 1.54184, 'two_theta': [5, 90], 'strongest': 4},
    }
)
ENGINE = {'name': 'vasp', 'package': 'vasp', 'version': '6.4.3', 'functional': 'PBE'}


@pytest.fixture
def phases(cubic):
    """Return silicon in three types, one of which was rejected."""
    crystals = concatenate([cubic('diamond', 5.43), cubic('bcc', 3.1), cubic('fcc', 3.9)])
    return crystals.with_columns(
        energy=Column(np.array([-5.4, -4.9, -4.8]), 'eV/atom'),
        rejection=np.array(['', '', 'collapsed']),
        label=np.array(['diamond', 'bcc', 'fcc']),
    ).with_metadata(engine=ENGINE)


def test_a_record_has_it_all(phases):
    """Energies, symmetry, type, pattern, novelty, verdicts, engine and versions."""
    verdicts = {'phonons': {'verdict': 'imaginary'}, 'elasticity': {'stable': True}}
    record, pattern = characterize(
        phases, 1, references=phases.select([0]), settings=SETTINGS, verdicts=verdicts
    )
    assert (record.label, record.space_group, record.prototype) == ('P2', 229, 'A_cI2_229_a')
    assert record.energy_above_hull == pytest.approx(0.5)
    assert record.energy_above_lowest == pytest.approx(0.5)
    assert record.is_new
    assert record.nearest_reference == 'diamond'
    assert (record.phonon_verdict, record.is_mechanically_stable) == ('imaginary', True)
    assert record.diffraction[0].reflections == (((1, 1, 0), 12),)
    assert len(pattern) == 4
    assert record.engine == ENGINE
    assert set(record.versions) >= {'aiida-crystalgen', 'pymatgen', 'spglib'}
    assert PhaseRecord.parse(record.model_dump(mode='json')) == record


def test_what_is_known_by_another_engine_is_no_discovery(phases):
    """Novelty is judged by all known crystals, the hull by those of the engine alone."""
    others = phases.select([1]).with_columns(label=np.array(['by another engine']))
    others = others.with_metadata(engine={'name': 'another'})
    record, _ = characterize(
        phases, 1, references=phases.select([0]), settings=SETTINGS, known=others
    )
    assert record.known == 'by another engine'
    assert record.energy_above_hull == pytest.approx(0.5)


def test_what_was_not_computed_is_not_claimed(phases):
    """Without verdicts the record has none; without a generator it names none."""
    record, _ = characterize(phases, 0, references=phases, settings=SETTINGS)
    assert record.known == 'diamond'
    assert (record.phonon_verdict, record.is_mechanically_stable) == (None, None)
    assert (record.generator, record.proposal_row, record.copies) == ('', -1, 1)


@pytest.mark.parametrize(
    ('engine', 'phonons', 'emulated'),
    [
        (ENGINE, None, False),
        ({**ENGINE, 'emulated': True}, None, True),
        (ENGINE, {'verdict': 'stable', 'engine': {'emulated': True}}, True),
        (ENGINE, {'verdict': 'stable', 'engine': ENGINE}, False),
    ],
)
def test_one_emulated_number_marks_the_record(phases, engine, phonons, emulated):
    """Whether it is an energy, or stands behind a verdict."""
    marked = phases.with_metadata(engine=engine)
    verdicts = {} if phonons is None else {'phonons': phonons}
    record, _ = characterize(marked, 0, references=marked, settings=SETTINGS, verdicts=verdicts)
    assert record.is_emulated is emulated


@pytest.mark.parametrize(('row', 'message'), [(2, 'collapsed'), (3, 'no row 3 among 3')])
def test_what_has_no_energy_is_not_characterized(phases, row, message):
    """The message says why."""
    with pytest.raises(ValueError, match=message):
        characterize(phases, row, references=phases, settings=SETTINGS)


def test_emulated_energies_enter_no_real_hull(phases):
    """The message names both engines, and what is the matter."""
    emulated = phases.with_metadata(engine={**ENGINE, 'emulated': True})
    with pytest.raises(ValueError, match=r"EMULATED 'vasp' .* 'vasp' .*different emulated"):
        characterize(emulated, 0, references=phases, settings=SETTINGS)

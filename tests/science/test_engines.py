"""Which energies may be compared."""

from __future__ import annotations

import pytest

from aiida_crystalgen.science.engines import describe_engine, engine_differences, merged_engine

PBE = {
    'name': 'vasp',
    'package': 'vasp',
    'version': '6.4.3',
    'functional': 'PBE',
    'fingerprint': 'a1',
    'settings': {'incar': {'encut': 500}, 'potentials': {'Sn': 'PAW_PBE Sn_d'}},
}


def variant(**changes):
    """Return the engine with some keys changed."""
    return {**PBE, **changes}


@pytest.mark.parametrize(
    ('other', 'differences'),
    [
        (PBE, []),
        (variant(code='vasp@elsewhere'), []),
        (variant(emulated=False), []),
        (variant(settings={'incar': {'ediffg': 1}, 'potentials': {'Se': 'PAW_PBE Se'}}), []),
        (variant(settings={'potentials': {'Sn': 'PAW_PBE Sn'}}), ['potential of Sn']),
        (variant(functional='LDA'), ['functional']),
        (variant(fingerprint='b2', version='5.4.4'), ['version', 'fingerprint']),
        (variant(emulated=True), ['emulated']),
        (
            {'name': '7net-0'},
            ['name', 'package', 'version', 'functional', 'fingerprint', 'settings'],
        ),
    ],
)
def test_engines_differ_in_what_changes_energies(other, differences):
    """Where they ran, and potentials of elements that only one has, change none."""
    assert engine_differences(PBE, other) == differences
    assert set(engine_differences(other, PBE)) == set(differences)


def test_settings_count_where_nothing_sums_them_up():
    """Without fingerprints the settings themselves have to be the same."""
    ours, theirs = ({'name': 'qe', 'settings': {'ecutwfc': cutoff}} for cutoff in (30, 60))
    assert engine_differences(ours, theirs) == ['settings']


def test_merged_engine_has_the_potentials_of_all_elements():
    """All else is that of each."""
    other = variant(settings={**PBE['settings'], 'potentials': {'Se': 'PAW_PBE Se'}})
    merged = merged_engine([PBE, other])
    assert merged['settings']['potentials'] == {'Sn': 'PAW_PBE Sn_d', 'Se': 'PAW_PBE Se'}
    assert {**merged, 'settings': PBE['settings']} == PBE
    assert merged_engine([{'name': 'emt'}]) == {'name': 'emt'}


def test_emulated_engines_are_marked_in_words():
    """Nobody takes a stand-in for the program."""
    assert describe_engine(variant(emulated=True)).startswith("EMULATED 'vasp'")
    assert 'EMULATED' not in describe_engine(PBE)

"""Laws of the records of phases."""

import numpy as np
import pytest
from ase import Atoms
from ase.cluster import Icosahedron, Octahedron

from aiida_crystalgen.science.crystals import Column, concatenate
from aiida_crystalgen.science.phases import PhaseSettings, find_phases
from aiida_crystalgen.science.records import PhaseRecord, describe_phases

SETTINGS = PhaseSettings.parse(
    {
        'window': 1.0,
        'symmetry_tolerance': 0.1,
        'rdf': {'cutoff': 8.0, 'points': 200, 'width': 0.06},
        'duplicates': {
            'length_tolerance': 0.1,
            'site_tolerance': 0.15,
            'angle_tolerance': 5.0,
            'scale': True,
            'fingerprint_distance': 0.1,
            'cluster_tolerance': 0.3,
        },
    }
)


@pytest.fixture
def relaxed(cubic, disguised):
    """Return relaxations of silicon that ended in two phases."""
    cells = [cubic('fcc', 3.9), cubic('diamond', 5.43), disguised(cubic('diamond', 5.43))]
    return (
        concatenate(cells)
        .with_columns(
            energy=Column(np.array([-4.8, -5.4, -5.39]), 'eV/atom'),
            converged=np.array([True] * 3),
            rejection=np.array([''] * 3),
            generator=np.array(['rdf_vae'] * 3),
            proposal_row=np.array([7, 8, 9]),
        )
        .with_metadata(engine={'name': 'test', 'package': 'none', 'version': '1'})
    )


def test_records_come_lowest_first_and_count_copies(relaxed):
    """Each says where it comes from, what it is equal to, and how far above the others it lies."""
    references = relaxed.select([1]).with_columns(label=np.array(['diamond']))
    records = describe_phases(find_phases(relaxed, references, SETTINGS), references)
    assert [one.label for one in records] == ['P1', 'P2']
    assert [one.copies for one in records] == [2, 1]
    assert [one.known for one in records] == ['diamond', None]
    assert [one.proposal_row for one in records] == [8, 7]
    np.testing.assert_allclose([one.energy_above_lowest for one in records], [0.0, 0.6])
    np.testing.assert_allclose([one.energy_above_hull for one in records], [0.0, 0.6])


def test_records_of_earlier_versions_can_be_read(relaxed):
    """What was not recorded then is not known."""
    record = describe_phases(find_phases(relaxed, relaxed, SETTINGS), relaxed)[0]
    added = ('prototype', 'prototype_name', 'diffraction', 'phonons', 'elasticity', 'nodes')
    old = record.model_dump(mode='json', exclude={*added, 'versions'})
    assert PhaseRecord.parse(old) == record
    assert record.phonon_verdict is None
    assert not record.is_emulated


def test_phases_of_two_rounds_are_those_of_one(relaxed):
    """Round after round the same phases come out, copies counted, as from all crystals at once."""
    together = find_phases(relaxed, relaxed, SETTINGS)
    first = find_phases(relaxed.select([2]), relaxed, SETTINGS)
    both = find_phases(relaxed.select([0, 1]), relaxed, SETTINGS, earlier=first, round_number=2)
    np.testing.assert_allclose(both['energy'], together['energy'])
    assert both['copies'].tolist() == together['copies'].tolist() == [2, 1]
    assert both['round'].tolist() == both['proposal_round'].tolist() == [2, 2]


def test_copies_as_low_do_not_replace_an_earlier_phase(relaxed):
    """A new copy that is lower by less than relaxations agree leaves the earlier one in place."""
    again = relaxed.select([1]).with_columns(energy=Column(np.array([-5.4005]), 'eV/atom'))
    first = find_phases(relaxed.select([1]), relaxed, SETTINGS)
    both = find_phases(again, relaxed, SETTINGS, earlier=first, round_number=2)
    assert (both['round'].tolist(), both['copies'].tolist()) == ([1], [2])


def test_the_record_of_a_cluster_claims_no_crystal(to_clusters):
    """It has the whole formula and a point group; space group, hull and volume are not there."""
    clusters = to_clusters(Icosahedron('Pt', 2), Octahedron('Pt', 3, cutoff=1), Atoms('Pt'))
    relaxed = clusters.with_columns(
        energy=Column(np.array([-4.0, -4.1, 0.0]), 'eV/atom'),
        converged=np.array([True] * 3),
        rejection=np.array([''] * 3),
    ).with_metadata(engine={'name': 'test', 'package': 'none', 'version': '1'})
    records = describe_phases(find_phases(relaxed, relaxed, SETTINGS), relaxed)
    found = {one.point_group: one for one in records}
    assert {name: one.reduced_formula for name, one in found.items()} == {
        'Ih': 'Pt13',
        'Oh': 'Pt13',
        'Kh': 'Pt1',
    }
    assert found['Ih'].energy_above_lowest == pytest.approx(0.1)
    assert found['Kh'].energy_above_lowest == 0
    assert found['Kh'].shortest_distance is None
    for one in records:
        assert (one.periodic, one.space_group, one.symmetry) == (False, 0, one.point_group)
        assert one.energy_above_hull is one.volume_per_atom is one.density is None
        assert PhaseRecord.parse(one.model_dump(mode='json')) == one

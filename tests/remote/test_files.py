"""The files that jobs exchange."""

from dataclasses import replace

import numpy as np
import pytest

from aiida_crystalgen.remote.files import read_crystals, write_crystals, write_json
from aiida_crystalgen.science.crystals import Column


def test_crystals_come_back_bit_for_bit(tmp_path, silicon):
    """Geometry, columns, units and metadata survive writing and reading."""
    crystals = silicon(5.4, 5.5).with_columns(
        energy=Column(np.array([-5.4, np.nan]), 'eV/atom'), label=np.array(['a', 'bcd'])
    )
    crystals = crystals.with_metadata(engine={'name': 'toy'})
    crystals = crystals.with_atom_columns(forces=Column(np.arange(48.0).reshape(16, 3), 'eV/Å'))
    write_crystals(crystals, tmp_path / 'crystals.npz')
    again = read_crystals(tmp_path / 'crystals.npz')
    for name in ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts'):
        np.testing.assert_array_equal(getattr(again, name), getattr(crystals, name))
    np.testing.assert_array_equal(again['energy'], crystals['energy'])
    assert again['label'].tolist() == ['a', 'bcd']
    assert again.columns['energy'].unit == 'eV/atom'
    assert again.atom_columns['forces'].unit == 'eV/Å'
    np.testing.assert_array_equal(again.atom_columns['forces'].values[-1], [45, 46, 47])
    assert again.metadata == {'engine': {'name': 'toy'}}


@pytest.mark.parametrize('keep', [0, 100, -10])
def test_truncated_crystals_are_refused(tmp_path, silicon, keep):
    """A file that was cut off raises one clear sentence."""
    path = tmp_path / 'crystals.npz'
    write_crystals(silicon(5.4), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match='holds no readable set of crystals'):
        read_crystals(path)


def test_foreign_archive_is_refused(tmp_path):
    """An archive of something else raises a sentence, and pickles in it are not loaded."""
    np.savez(tmp_path / 'foreign.npz', header=np.array([{'a': 1}], dtype=object))
    with pytest.raises(ValueError, match=r'holds no readable set|allow_pickle'):
        read_crystals(tmp_path / 'foreign.npz')


def test_json_is_replaced_whole(tmp_path):
    """A second writing leaves the second content and no other file."""
    path = tmp_path / 'progress.json'
    write_json({'done': 1}, path)
    write_json({'done': 2}, path)
    assert path.read_text() == '{"done": 2}'
    assert [one.name for one in tmp_path.iterdir()] == ['progress.json']


def test_clusters_come_back_as_clusters(tmp_path, silicon):
    """A job knows what is periodic and what is not."""
    write_crystals(replace(silicon(5.4), periodic=False), tmp_path / 'clusters.npz')
    assert read_crystals(tmp_path / 'clusters.npz').periodic is False

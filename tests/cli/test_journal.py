"""The database of a profile without services lets readers and writers work side by side."""

import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from aiida_crystalgen.cli import journal

connect = sqlite3.connect  # as it is without the tests' changes


@pytest.fixture
def profile(tmp_path):
    """Return a stand-in for a profile whose SQLite database is new."""
    with closing(sqlite3.connect(tmp_path / 'database.sqlite')) as connection:
        connection.execute('CREATE TABLE things (number INTEGER)')
    return SimpleNamespace(
        storage_backend='core.sqlite_dos', storage_config={'filepath': str(tmp_path)}
    )


def mode_of(profile):
    """Return how the database of a profile keeps what is written safe."""
    file = f'{profile.storage_config["filepath"]}/database.sqlite'
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute('PRAGMA journal_mode').fetchone()[0]


def test_the_log_is_switched_on_once(profile):
    """It stays on, and the next call finds it."""
    assert journal.keep_write_ahead_log(profile) == 'switched on'
    assert mode_of(profile) == 'wal'
    assert journal.keep_write_ahead_log(profile) == 'on'


def test_a_network_file_system_is_left_alone(profile, monkeypatch):
    """There the log would need memory that the machines do not share."""
    monkeypatch.setattr(journal, '_file_system', lambda file: 'nfs4')
    assert 'network' in journal.keep_write_ahead_log(profile)
    assert mode_of(profile) == 'delete'


def test_a_database_in_use_is_left_alone(profile, monkeypatch):
    """Someone who is in the middle of a transaction is not disturbed."""
    monkeypatch.setattr(journal.sqlite3, 'connect', lambda file: connect(file, timeout=0))
    with closing(connect(f'{profile.storage_config["filepath"]}/database.sqlite')) as other:
        other.execute('BEGIN IMMEDIATE')
        assert 'stop the daemon' in journal.keep_write_ahead_log(profile)
        other.rollback()
    assert mode_of(profile) == 'delete'


def test_other_storages_have_no_journal(profile):
    """PostgreSQL does it by itself."""
    profile.storage_backend = 'core.psql_dos'
    assert journal.keep_write_ahead_log(profile) is None

"""How SQLite keeps what is written safe, which decides how well several workers get along."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiida.manage.configuration import Profile

__all__ = ('keep_write_ahead_log',)

# Processes share an index of the log in memory, which these do not: https://www.sqlite.org/wal.html
_NETWORK_FILE_SYSTEMS = ('nfs', 'cifs', 'smb', 'fuse', 'lustre', 'gpfs', 'beegfs', 'ceph', '9p')


def keep_write_ahead_log(profile: Profile) -> str | None:
    """Let SQLite write to a log beside its database from now on, and return what was done.

    With the rollback journal that it starts with, who writes waits for all who read and they wait
    for him, and a worker that waits for more than five seconds fails. The database keeps the mode.

    :return: None if the profile has no such database.
    """
    if profile.storage_backend != 'core.sqlite_dos':
        return None
    file = Path(profile.storage_config['filepath']) / 'database.sqlite'
    if _file_system(file).startswith(_NETWORK_FILE_SYSTEMS):
        return 'left off on a network file system'
    with closing(sqlite3.connect(file)) as connection:
        (before,) = connection.execute('PRAGMA journal_mode').fetchone()
        if before == 'wal':
            return 'on'
        try:
            (after,) = connection.execute('PRAGMA journal_mode=WAL').fetchone()
        except sqlite3.OperationalError:
            return 'off: stop the daemon and all shells, then repeat'
    return 'switched on' if after == 'wal' else 'off: the file system does not allow it'


def _file_system(file: Path) -> str:
    """Return the type of the file system that a file lies on, empty if that is not known."""
    mounts = Path('/proc/self/mounts')
    if not mounts.exists():
        return ''
    found = [(0, '')]
    for line in mounts.read_text().splitlines():
        _, folder, kind, *_ = line.split()
        if file.resolve().is_relative_to(folder):
            found.append((len(folder), kind))
    return max(found)[1]

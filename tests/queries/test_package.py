"""The package of the questions."""

import subprocess
import sys

HEAVY = ('torch', 'pymatgen', 'spglib', 'scipy', 'pandas', 'matplotlib', 'ase', 'paramiko')


def test_questions_wait_for_nothing_heavy():
    """A script or a command that only asks imports AiiDA and numpy, not the science beside it."""
    code = (
        'import sys, aiida_crystalgen.queries.status, aiida_crystalgen.cli.tables; '
        f'print(*(set(sys.modules) & set({HEAVY!r})))'
    )
    result = subprocess.run(
        [sys.executable, '-c', code], check=True, capture_output=True, text=True
    )
    assert result.stdout.split() == []

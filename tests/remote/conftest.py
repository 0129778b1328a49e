"""Fixtures for the tests of what runs where the work is done."""

import pytest

from aiida_crystalgen.data.emulated_potcars import emulated_potcar
from aiida_crystalgen.remote.vasp_emulator.main import emulate

POSCAR = """\
# Compound: Si2. Old comment: Si-7
1.0
0.0 2.7 2.7
2.6 0.0 2.7
2.7 2.7 0.0
Si
2
Direct
0 0 0
0.23 0.26 0.25
"""


@pytest.fixture
def run_emulator(tmp_path):
    """Return a function that runs the emulator on strained silicon, and gives status and folder.

    Tags of INCAR are keywords in capital letters.
    """

    def function(fail='', poscar=POSCAR, potcars=('Si',), memory='memory', **tags):
        folder = tmp_path / f'run-{len(list(tmp_path.glob("run-*")))}'
        folder.mkdir()
        (folder / 'INCAR').write_text('\n'.join(f'{tag} = {tags[tag]}' for tag in tags))
        (folder / 'KPOINTS').write_text('mesh\n0\nGamma\n2 2 2\n0 0 0\n')
        (folder / 'POSCAR').write_text(poscar)
        (folder / 'POTCAR').write_text(''.join(map(emulated_potcar, potcars)))
        environment = {
            'CRYSTALGEN_EMULATOR_POTENTIAL': 'stillinger-weber',
            'CRYSTALGEN_EMULATOR_FAIL': fail,
            'CRYSTALGEN_EMULATOR_MEMORY': str(tmp_path / memory),
        }
        with (folder / 'vasp_output').open('w') as stdout:
            return emulate(folder, environment, stdout), folder

    return function

"""Recorded runs of VASP from the source distribution of aiida-vasp, and codes that replay them."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import ase.io
import pytest

SOURCE = 'aiida-vasp==5.1.0'
UNREACHABLE = ('from versions: none', 'NewConnectionError', 'Temporary failure', 'ReadTimeout')


@pytest.fixture(scope='session')
def records(tmp_path_factory) -> Path:
    """Return the folder of the recorded runs, fetched by the name of the package."""
    folder = tmp_path_factory.mktemp('records')
    command = ['pip', 'download', '--no-deps', '--no-binary', ':all:', '--dest', str(folder)]
    result = subprocess.run(
        [sys.executable, '-m', *command, SOURCE],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if result.returncode != 0 and any(word in result.stderr for word in UNREACHABLE):
        pytest.skip(f'the package index cannot be reached for the source distribution of {SOURCE}')
    assert result.returncode == 0, result.stderr
    with tarfile.open(next(folder.glob('*.tar.gz'))) as archive:
        # Python 3.11 has filters since its fourth release.
        safely = {'filter': 'data'} if hasattr(tarfile, 'data_filter') else {}
        archive.extractall(folder, **safely)  # noqa: S202
    return next(folder.glob('*/tests/test_data'))


@pytest.fixture
def potential_family(aiida_profile_clean):
    """Return the name of a family of files that hold no potential, which no record needs."""
    from aiida_crystalgen.data.emulated_potcars import EMULATED_FAMILY, store_emulated_potcars

    store_emulated_potcars(['Si'])
    return EMULATED_FAMILY


@pytest.fixture
def vasp_code(aiida_code_installed, aiida_localhost):
    """Return a factory of codes for VASP."""
    aiida_localhost.set_minimum_job_poll_interval(0.0)

    def build(executable, prepend_text=''):
        return aiida_code_installed(
            computer=aiida_localhost,
            default_calc_job_plugin='vasp.vasp',
            filepath_executable=str(executable),
            prepend_text=prepend_text,
            with_mpi=False,
        )

    return build


@pytest.fixture
def replay(vasp_code, records, tmp_path):
    """Return a factory of codes that give out the recorded run whose inputs are theirs.

    :param runs: folders of the records.
    :param tags: lines to add to INCAR of the records, which were made without them.
    """

    def build(*runs, tags=''):
        registry = tmp_path / 'registry'
        for number, run in enumerate(runs):
            shutil.copytree(records / run, registry / str(number))
            incar = registry / str(number) / 'inp' / 'INCAR'
            incar.write_text(f'{incar.read_text().rstrip()}\n{tags}\n')
        executable = Path(sys.executable).with_name('mock-vasp')
        return vasp_code(executable, f'export MOCK_VASP_REG_BASE={registry}')

    return build


@pytest.fixture
def playback(vasp_code, records, tmp_path):
    """Return a factory of codes that give out one recorded run, whatever their inputs.

    :param vasprun: folder of the vasprun.xml, if not that of the other files.
    """

    def build(run, vasprun=None):
        outputs = tmp_path / 'outputs'
        shutil.copytree(records / run / 'out', outputs)
        if vasprun is not None:
            shutil.copy(records / vasprun / 'vasprun.xml', outputs)
        script = tmp_path / 'playback.sh'
        copy = f'cp {outputs}/{{OUTCAR,CONTCAR,vasprun.xml}} .'
        script.write_text(f'#!/bin/bash\n{copy}\ncat {outputs}/vasp_output\n')
        script.chmod(0o755)
        return vasp_code(script)

    return build


@pytest.fixture
def recorded(records):
    """Return a function that reads energy in eV and volume in Å³ at the end of a recorded run."""

    def read(run):
        outcar = (records / run / 'out' / 'OUTCAR').read_text()
        energies = re.findall(r'energy\(sigma->0\) =\s*(\S+)', outcar)
        contcar = ase.io.read(records / run / 'out' / 'CONTCAR', format='vasp')
        return float(energies[-1]), contcar.get_volume()

    return read

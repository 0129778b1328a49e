"""Fixtures for all tests; the science runs under runtime checks of every shape and type."""

import sys
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import install_import_hook

install_import_hook('aiida_crystalgen.science', 'beartype.beartype')

from aiida_crystalgen.science.crystals import CrystalSet  # noqa: E402

pytest_plugins = 'aiida.tools.pytest_fixtures'


@pytest.fixture(scope='session')
def aiida_profile(aiida_config, aiida_profile_factory):
    """Return a profile with the ZeroMQ broker, so that processes can be submitted to a daemon."""
    with aiida_profile_factory(aiida_config, broker_backend='core.zeromq') as profile:
        yield profile


@pytest.fixture
def crystalgen_code(aiida_code_installed, aiida_localhost):
    """Return the Code of crystalgen-run on this machine."""
    aiida_localhost.set_minimum_job_poll_interval(0.0)
    executable = Path(sys.executable).with_name('crystalgen-run')
    return aiida_code_installed(
        label='crystalgen',
        computer=aiida_localhost,
        filepath_executable=str(executable),
        prepend_text='export OMP_NUM_THREADS=1',
    )


@pytest.fixture
def silicon():
    """Return a factory of cubic diamond silicon, one crystal for each lattice constant in Å."""

    def build(*constants: float) -> CrystalSet:
        corners = np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0]]) / 4
        basis = np.concatenate([corners, corners + 0.25])
        number = len(constants)
        return CrystalSet(
            lattices=np.eye(3) * np.array(constants)[:, None, None],
            fractional_coordinates=np.tile(basis, (number, 1)),
            atomic_numbers=np.full(8 * number, 14),
            counts=np.full(number, 8),
        )

    return build

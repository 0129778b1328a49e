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
        # Where all cores are busy a daemon needs more than AiiDA's seconds to answer; some never do
        # when they are stopped.
        aiida_config.set_option('daemon.timeout', 15, scope=profile.name)
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
def vasp_emulator(aiida_code_installed, aiida_localhost, tmp_path):
    """Return a factory of the VASP emulator's Code, which also stores the placeholder POTCARs."""
    from aiida_crystalgen.data.emulated_potcars import store_emulated_potcars

    aiida_localhost.set_minimum_job_poll_interval(0.0)

    def build(potential='stillinger-weber', potcars=('Si',), fail=''):
        store_emulated_potcars(potcars)
        variables = {'POTENTIAL': potential, 'FAIL': fail, 'MEMORY': tmp_path / 'failures'}
        lines = [
            f"export CRYSTALGEN_EMULATOR_{name}='{value}'" for name, value in variables.items()
        ]
        return aiida_code_installed(
            computer=aiida_localhost,
            default_calc_job_plugin='vasp.vasp',
            filepath_executable=str(Path(sys.executable).with_name('crystalgen-vasp-emulator')),
            with_mpi=False,
            prepend_text='\n'.join(['export OMP_NUM_THREADS=1', *lines]),
        )

    return build


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


SEARCH = {
    'formula_units': [2, 4],
    'candidates': 400,
    'volume': {'per_atom': 20.5, 'tolerance': 0.1},
    'distances': {'Si-Si': 2.1},
    'generators': [{'method': 'rdf_vae', 'share': 3}, {'method': 'random_symmetric'}],
    'screening': {'similar_to': ['references', 'replicas'], 'within': 0.3, 'limit': 10},
    'relax': {'potential': 'stillinger-weber', 'processes': 1},
    'seed': 1,
}


@pytest.fixture(scope='session')
def search_archive(aiida_profile, tmp_path_factory) -> Path:
    """Return an archive of a small search for silicon, its dataset and its phases."""
    from aiida import orm
    from aiida.engine import run_get_node
    from aiida.plugins import WorkflowFactory
    from aiida.tools.archive import create_archive

    from aiida_crystalgen.data.convert import node_from_crystals
    from aiida_crystalgen.data.groups import add_dataset
    from aiida_crystalgen.science.sources.prototypes import prototypes

    aiida_profile.reset_storage()
    crystals = prototypes('Si', volume_per_atom=20.4, maximum_atoms=4)
    add_dataset(node_from_crystals(crystals), 'silicon')
    builder = WorkflowFactory('crystalgen.search').get_builder_from_protocol(
        'Si', 'silicon', protocol='fast', overrides=SEARCH
    )
    builder.metadata.label = 'small'
    _, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    path = tmp_path_factory.mktemp('archives') / 'search.aiida'
    groups = orm.QueryBuilder().append(orm.Group).all(flat=True)
    create_archive([node, *groups], filename=path)
    return path


@pytest.fixture(scope='module')
def finished_search(aiida_profile, search_archive):
    """Return the small search for silicon, alone with its graph in the profile."""
    from aiida import orm
    from aiida.tools.archive import import_archive

    aiida_profile.reset_storage()
    import_archive(search_archive, create_group=False)
    query = orm.QueryBuilder().append(orm.WorkChainNode, filters={'label': 'small'})
    return query.one()[0]

"""Jobs go through a real SLURM, as `setup_profiles/slurm.sh` makes one, and outlive its limits."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.workflows.protocol import protocol_inputs

# The first job stands still once it has saved something, until the queue ends it.
STANDS_STILL = """#!/bin/bash
"{executable}" &
if [ ! -e "{memory}" ]; then
  touch "{memory}"
  until [ -e partial.npz ]; do sleep 0.02; done
  kill -STOP $!
fi
wait $!
"""
CRYSTALGEN_RUN = Path(sys.executable).with_name('crystalgen-run')


@pytest.fixture(scope='module')
def answering_queue():
    """Skip unless there is a queue with a node that takes jobs."""
    if shutil.which('sbatch') is None:
        pytest.skip('SLURM is not installed; setup_profiles/slurm.sh does it')
    state = subprocess.run(
        ['sinfo', '--noheader', '--format', '%T'],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    if not {'idle', 'mixed', 'allocated'} & set(state.split()):
        pytest.skip('SLURM has no node that is ready; setup_profiles/slurm.sh starts it')


@pytest.fixture
def code(answering_queue, aiida_profile_clean, aiida_computer, aiida_code_installed):
    """Return a factory of codes on a computer with SLURM."""
    computer = aiida_computer(scheduler_type='core.slurm')
    computer.configure(safe_interval=0, use_login_shell=False)
    computer.set_minimum_job_poll_interval(1.0)

    def build(executable):
        return aiida_code_installed(
            computer=computer,
            filepath_executable=str(executable),
            prepend_text='export OMP_NUM_THREADS=1',
        )

    return build


@pytest.fixture
def relax(silicon):
    """Return a function that relaxes shaken silicon, with options of the jobs."""

    def run(code=None, **options):
        crystals = silicon(*np.linspace(5.0, 6.0, 24))
        noise = np.random.default_rng(1).normal(size=crystals.fractional_coordinates.shape)
        coordinates = crystals.fractional_coordinates + 0.03 * noise
        shaken = replace(crystals, fractional_coordinates=coordinates)
        settings = protocol_inputs('relax', 'stringent', {'processes': 1, 'save_every': 4})
        inputs = {} if code is None else {'code': code, 'options': options}
        return run_get_node(
            WorkflowFactory('crystalgen.relax.potential'),
            structures=node_from_crystals(shaken),
            potential='stillinger-weber',
            settings={key: value for key, value in settings.items() if key != 'potential'},
            **inputs,
        )[1]

    return run


def hash_of(node):
    """Return the hash of the relaxed structures of a work chain."""
    assert node.is_finished_ok, node.exit_message
    return node.outputs.relaxed.base.caching.compute_hash()


@pytest.mark.slow
def test_a_job_gets_what_its_options_ask_for(code, relax):
    """Cores, time, queue and commands of its own go to SLURM; the result is that of the process."""
    node = relax(
        code(CRYSTALGEN_RUN),
        resources={'num_machines': 1, 'num_mpiprocs_per_machine': 1, 'num_cores_per_mpiproc': 1},
        max_wallclock_seconds=600,
        queue_name='main',
        custom_scheduler_commands='#SBATCH --nice=1',
    )
    assert hash_of(node) == hash_of(relax())
    (job,) = node.called
    assert job.get_job_id()
    script = job.base.repository.get_object_content('_aiidasubmit.sh')
    for line in ('--cpus-per-task=1', '--time=00:10:00', '--partition=main', '--nice=1'):
        assert f'#SBATCH {line}' in script


@pytest.mark.slow
def test_the_wall_time_of_the_queue_is_survived(code, relax, tmp_path):
    """A job that SLURM ends at its limit is followed by one that does the rest."""
    script = tmp_path / 'stands-still'
    script.write_text(STANDS_STILL.format(executable=CRYSTALGEN_RUN, memory=tmp_path / 'memory'))
    script.chmod(0o755)
    node = relax(code(script), max_wallclock_seconds=60)
    assert hash_of(node) == hash_of(relax())
    first, second = sorted(node.called, key=lambda job: job.pk)
    assert (first.exit_status, second.exit_status) == (510, 0)
    assert 'DUE TO TIME LIMIT' in first.get_scheduler_stderr()
    assert second.inputs.partial.uuid == first.outputs.partial.uuid

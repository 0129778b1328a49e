"""A heavy verb survives the wall time of the queue, and ends as if there were none."""

import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.workflows.protocol import protocol_inputs

# Runs a job. The first jobs end as at the end of their wall time, right after they have saved
# something, those after them right at the start.
QUEUE = """#!/bin/bash
jobs=$(($(cat "{memory}" 2>/dev/null || echo 0) + 1))
echo "$jobs" >"{memory}"
if [ "$jobs" -gt {saving} ] && [ "$jobs" -le $(({saving} + {idle})) ]; then exit 1; fi
saved="$(cksum partial.* 2>/dev/null)"
"{executable}" &
if [ "$jobs" -le {saving} ]; then
  while [ "$(cksum partial.* 2>/dev/null)" = "$saved" ] && kill -0 $!; do sleep 0.02; done
  kill -KILL $!
fi
wait $!
"""
REQUEST = {
    'composition': 'Si',
    'formula_units': [8],
    'cell': 'conventional',
    'candidates': 3 * 4096 + 5,
    'volume_per_atom': 20.0,
    'volume_tolerance': 0.1,
    'distances': {'Si-Si': 2.1},
    'attempts': 10,
}


@pytest.fixture
def queue(aiida_profile_clean, aiida_localhost, aiida_code_installed, tmp_path):
    """Return a factory of a code whose first jobs are cut short.

    :param saving: number of jobs that end once they have saved something.
    :param idle: number of jobs after them that end before.
    """
    aiida_localhost.set_minimum_job_poll_interval(0.0)

    def build(saving, idle=0):
        script = tmp_path / 'queue'
        executable = Path(sys.executable).with_name('crystalgen-run')
        script.write_text(
            QUEUE.format(memory=tmp_path / 'jobs', saving=saving, idle=idle, executable=executable)
        )
        script.chmod(0o755)
        return aiida_code_installed(
            computer=aiida_localhost,
            filepath_executable=str(script),
            prepend_text='export OMP_NUM_THREADS=1',
        )

    return build


@pytest.fixture
def inputs(silicon):
    """Return a factory of the inputs of each verb, each some seconds of work."""

    def build(verb):
        if verb == 'propose':
            return {'method': 'random_symmetric', 'request': REQUEST, 'seed': 1}
        crystals = silicon(*np.linspace(5.0, 6.0, 24))
        if verb == 'train':
            settings = protocol_inputs('train/rdf_vae', 'fast', {'epochs': 300})
            given = {'training': node_from_crystals(crystals), 'method': 'rdf_vae', 'seed': 1}
            return given | {'settings': settings}
        noise = np.random.default_rng(1).normal(size=crystals.fractional_coordinates.shape)
        coordinates = crystals.fractional_coordinates + 0.03 * noise
        shaken = replace(crystals, fractional_coordinates=coordinates)
        settings = protocol_inputs('relax', 'stringent', {'processes': 1, 'save_every': 4})
        del settings['potential']
        given = {'structures': node_from_crystals(shaken), 'settings': settings}
        return given | {'potential': 'stillinger-weber'}

    return build


def run(verb, **inputs):
    """Return the finished work chain of a verb."""
    name = {'relax': 'relax.potential'}.get(verb, verb)
    return run_get_node(WorkflowFactory(f'crystalgen.{name}'), **inputs)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ('verb', 'output', 'cuts'),
    [('relax', 'relaxed', 2), ('propose', 'proposals', 1), ('train', 'checkpoint', 1)],
)
def test_jobs_go_on_from_each_other(queue, inputs, verb, output, cuts):
    """The result is that of the process, bit for bit, and each job's input is the one before."""
    node = run(verb, code=queue(cuts), **inputs(verb))
    assert node.is_finished_ok, node.exit_message
    jobs = sorted(node.called, key=lambda job: job.pk)
    assert [job.exit_status for job in jobs] == [510] * cuts + [0]
    for job, following in pairwise(jobs):
        assert following.inputs.partial.uuid == job.outputs.partial.uuid
    assert jobs[-1].base.links.get_outgoing(link_type=LinkType.CREATE).get_node_by_label(output)
    whole = run(verb, **inputs(verb)).outputs[output]
    ours = node.outputs[output].base.caching.compute_hash()
    assert ours == whole.base.caching.compute_hash()


@pytest.mark.slow
@pytest.mark.parametrize(('cuts', 'most'), [(2, 20), (1, 1)])
def test_frames_survive_the_wall_time(queue, inputs, cuts, most):
    """Crystals on the way are those of one long job, as far as their crystals were relaxed."""
    given = inputs('relax')
    given['settings']['frames'] = {'largest_number': 4, 'spacing': 0.0, 'window': 9.0}
    node = run('relax', code=queue(cuts), max_iterations=orm.Int(most), **given)
    assert node.is_finished_ok == (most > cuts)
    frames = crystals_from_node(node.outputs.trajectory)
    whole = crystals_from_node(run('relax', **given).outputs.trajectory)
    ours = np.isin(whole['trajectory'], frames['trajectory'])
    assert set(crystals_from_node(node.outputs.relaxed)['row']) <= set(frames['trajectory'])
    np.testing.assert_array_equal(frames['energy'], whole['energy'][ours])
    assert ours.all() == (most > cuts)


@pytest.mark.slow
def test_a_job_that_stalls_ends_the_verb_with_what_is_there(queue, inputs):
    """Another job would be killed just the same; the structures that are relaxed are passed on."""
    node = run('relax', code=queue(1, idle=1), **inputs('relax'))
    assert node.exit_status == 420
    assert 'failed with status 511' in node.exit_message
    assert 0 < node.outputs.relaxed.number < 24


@pytest.mark.slow
def test_the_number_of_jobs_is_limited(queue, inputs):
    """After the last job allowed, the structures that are relaxed are passed on."""
    node = run('relax', code=queue(2), max_iterations=orm.Int(1), **inputs('relax'))
    assert node.exit_status == 401
    assert [job.exit_status for job in node.called] == [510]
    assert 0 < node.outputs.relaxed.number < 24

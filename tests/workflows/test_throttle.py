"""A work chain that waits for any of its children."""

from pathlib import Path

import pytest
from aiida import orm
from aiida.engine import CalcJob, ToContext, WorkChain, run_get_node, while_
from aiida.plugins import CalculationFactory

from aiida_crystalgen.workflows.throttle import EagerWorkChain

Add: type[CalcJob] = CalculationFactory('core.arithmetic.add')


class Quick(WorkChain):
    """Ends at once."""

    @classmethod
    def define(cls, spec):
        """Define an outline of one step."""
        super().define(spec)
        spec.outline(cls.rest)

    def rest(self):
        """Do nothing."""


class Slow(WorkChain):
    """Ends when its job has."""

    @classmethod
    def define(cls, spec):
        """Define an outline that waits for the job."""
        super().define(spec)
        spec.input('code', valid_type=orm.AbstractCode)
        spec.outline(cls.work, cls.rest)

    def work(self):
        """Submit a job."""
        return ToContext(job=self.submit(Add, code=self.inputs.code, x=orm.Int(1), y=orm.Int(2)))

    def rest(self):
        """Do nothing."""


class Parent(EagerWorkChain):
    """Waits for a slow child and for several quick ones, two at a time.

    Once all quick ones have finished it allows the slow one to go on.
    """

    @classmethod
    def define(cls, spec):
        """Define an outline that hands over the children again and again."""
        super().define(spec)
        spec.input('code', valid_type=orm.AbstractCode)
        spec.input('permission', valid_type=orm.Str)
        spec.outline(cls.setup, while_(cls.has_children)(cls.wait))

    def setup(self):
        """Start the slow child."""
        self.ctx.slow = self.submit(Slow, code=self.inputs.code).pk
        self.ctx.quick = []
        self.ctx.seen = []

    def has_children(self):
        """Return whether not all children have finished."""
        return len(self.ctx.quick) < 4 or not orm.load_node(self.ctx.slow).is_terminated

    def wait(self):
        """Note which children have finished, and start another quick one."""
        self.ctx.seen.append(orm.load_node(self.ctx.slow).is_terminated)
        self.node.base.extras.set('slow_was_finished', self.ctx.seen)
        children = {'waited_for.slow': orm.load_node(self.ctx.slow)}
        if len(self.ctx.quick) < 4:
            child = self.submit(Quick)
            self.ctx.quick.append(child.pk)
            children['waited_for.quick'] = child
        else:
            Path(self.inputs.permission.value).touch()
        self.to_context(**children)


@pytest.mark.usefixtures('aiida_profile_clean')
def test_steps_follow_the_first_child_that_finishes(
    aiida_code_installed, aiida_localhost, tmp_path
):
    """Four quick children run one after the other while the slow one is still at work."""
    aiida_localhost.set_minimum_job_poll_interval(0.0)
    permission = tmp_path / 'permission'
    code = aiida_code_installed(
        filepath_executable='/bin/bash',
        prepend_text=f'while [ ! -e {permission} ]; do sleep 0.1; done',
    )
    _, node = run_get_node(Parent, code=code, permission=orm.Str(str(permission)))
    assert node.is_finished_ok
    assert node.base.extras.get('slow_was_finished') == [False] * 5
    assert [child.process_label for child in node.called].count('Quick') == 4
    assert all(child.is_finished_ok for child in node.called)

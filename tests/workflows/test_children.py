"""A step that runs again after a kill finds the children it had started."""

from aiida import orm
from aiida.engine import ToContext, WorkChain, calcfunction, run_get_node

from aiida_crystalgen.workflows.children import run_once, submit_once


@calcfunction
def add(x, y):
    """Return a sum."""
    return {'total': orm.Int(x.value + y.value)}


class Child(WorkChain):
    """A work chain that does nothing."""

    @classmethod
    def define(cls, spec):
        """Define an outline of one step."""
        super().define(spec)
        spec.outline(cls.rest)

    def rest(self):
        """Do nothing."""


class Parent(WorkChain):
    """Starts each of its children in two steps, as an interrupted step does when it runs again."""

    @classmethod
    def define(cls, spec):
        """Define the outline."""
        super().define(spec)
        spec.outline(cls.start_children, cls.start_children, cls.check)

    def start_children(self):
        """Start the children, unless they were before."""
        total = run_once(self, add, 'sum', x=orm.Int(1), y=orm.Int(2))
        return ToContext(child=submit_once(self, Child, 'child'), total=total)

    def check(self):
        """Keep what was found where the test sees it."""
        self.node.base.extras.set('total', self.ctx.total.outputs.total.value)


class InterruptedParent(Parent):
    """Was interrupted after the making of its child, before the daemon knew of it."""

    def start_children(self):
        """Leave a child behind, then start again."""
        self.runner.instantiate_process(Child, metadata={'call_link_label': 'child'})
        return super().start_children()

    @classmethod
    def define(cls, spec):
        """Define the outline."""
        super().define(spec)
        spec.outline(cls.start_children, cls.check)


def test_children_are_started_once(aiida_profile_clean):
    """Calcfunctions and submitted processes are found again by their call link."""
    _, node = run_get_node(Parent)
    assert node.is_finished_ok
    assert node.base.extras.get('total') == 3
    assert len(node.called) == 2


def test_a_child_that_never_started_is_replaced(aiida_profile_clean):
    """Such a child ends as killed, with the reason, and the parent waits for the new one."""
    _, node = run_get_node(InterruptedParent)
    assert node.is_finished_ok
    abandoned, child = sorted(
        (child for child in node.called if child.process_label == 'Child'),
        key=lambda child: child.pk,
    )
    assert abandoned.is_killed
    assert abandoned.is_sealed
    assert 'interrupted' in abandoned.process_status
    assert child.is_finished_ok

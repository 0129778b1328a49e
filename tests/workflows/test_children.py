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
    """Starts each of its children twice, as an interrupted step does."""

    @classmethod
    def define(cls, spec):
        """Define the outline."""
        super().define(spec)
        spec.outline(cls.start_children, cls.check)

    def start_children(self):
        """Start each child twice."""
        nodes = [run_once(self, add, 'sum', x=orm.Int(1), y=orm.Int(2)) for _ in range(2)]
        children = [submit_once(self, Child, 'child') for _ in range(2)]
        self.ctx.same = [nodes[0].uuid == nodes[1].uuid, children[0].uuid == children[1].uuid]
        return ToContext(child=children[0], total=nodes[1])

    def check(self):
        """Keep what was found where the test sees it."""
        self.node.base.extras.set('same', self.ctx.same)
        self.node.base.extras.set('total', self.ctx.total.outputs.total.value)


def test_children_are_started_once(aiida_profile_clean):
    """Calcfunctions and submitted processes are found again by their call link."""
    _, node = run_get_node(Parent)
    assert node.is_finished_ok
    assert node.base.extras.get('same') == [True, True]
    assert node.base.extras.get('total') == 3
    assert len(node.called) == 2

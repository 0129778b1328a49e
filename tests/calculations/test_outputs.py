"""Tests of `aiida_crystalgen.calculations.outputs`."""

import pytest
from aiida import orm
from aiida.engine import calcfunction, run_get_node, workfunction

from aiida_crystalgen.calculations.outputs import attach_outputs

pytestmark = pytest.mark.usefixtures('aiida_profile')


@calcfunction
def count(number: orm.Int, together: orm.Bool) -> dict[str, orm.Data]:
    """Return the numbers up to one, attached together or as AiiDA does."""
    outputs = {f'row_{one}': orm.Int(one) for one in range(number.value)}
    if together:
        attach_outputs(outputs)
    return outputs


@workfunction
def pass_on(**given: orm.Int) -> dict[str, orm.Data]:
    """Return what is given."""
    attach_outputs(given)
    return given


@calcfunction
def return_input(number: orm.Int) -> dict[str, orm.Data]:
    """Return what is given, which a calculation must not."""
    attach_outputs({'number': number})
    return {}


def graph(node: orm.ProcessNode) -> dict[str, tuple[str, int]]:
    """Return kind and value of the outputs of a process, by label."""
    links = node.base.links.get_outgoing().all()
    return {link.link_label: (link.link_type.value, link.node.value) for link in links}


def test_graph_is_the_one_that_aiida_makes(monkeypatch):
    """Links, labels and nodes are those without it, for more outputs than fit in a transaction."""
    monkeypatch.setattr('aiida_crystalgen.calculations.outputs._AT_ONCE', 3)
    results, together = count.run_get_node(number=8, together=True)
    _, apart = count.run_get_node(number=8, together=False)
    assert graph(together) == graph(apart)
    assert len(graph(together)) == 8
    assert results['row_7'].creator.uuid == together.uuid
    assert results['row_7'].base.caching.get_hash() == orm.Int(7).store().base.caching.get_hash()


def test_workflow_returns_what_others_made():
    """Outputs that are stored are returned by a workflow, and keep their creator."""
    made, node = count.run_get_node(number=3, together=True)
    _, workflow = run_get_node(pass_on, **made)
    assert workflow.is_finished_ok
    assert graph(workflow) == {f'row_{one}': ('return', one) for one in range(3)}
    assert workflow.outputs.row_0.creator.uuid == node.uuid


def test_what_a_calculation_did_not_make_is_refused():
    """An input cannot be the output of a calculation too."""
    with pytest.raises(ValueError, match='stored already'):
        return_input(orm.Int(1).store())


def test_nothing_happens_without_a_process():
    """Outside of any process the nodes stay as they are."""
    node = orm.Int(1)
    attach_outputs({'number': node})
    assert not node.is_stored

"""Tests of `aiida_crystalgen.calculations.functions.collect` and `join`."""

import numpy as np
import pytest
from aiida import orm

from aiida_crystalgen.calculations.functions.collect import collect
from aiida_crystalgen.calculations.functions.join import join
from aiida_crystalgen.data.convert import crystals_from_node

pytestmark = pytest.mark.usefixtures('aiida_profile')


def silicon(edge: float, pbc: tuple[bool, bool, bool] = (True, True, True)) -> orm.StructureData:
    """Return simple cubic silicon."""
    structure = orm.StructureData(cell=(edge * np.eye(3)).tolist(), pbc=pbc)
    structure.append_atom(symbols='Si', position=(0.0, 0.0, 0.0))
    structure.label = f'edge {edge}'
    return structure.store()


def collected(*edges: float) -> orm.Node:
    """Return a set of simple cubic silicon."""
    rows = {f'row_{row:03d}': silicon(edge) for row, edge in enumerate(edges)}
    return collect(source={'kind': 'group'}, **rows)['structures']


def test_rows_are_in_the_order_of_the_link_labels():
    """Row N of the set is the structure whose link says so, and is its input."""
    node = collected(2.0, 3.0, 2.5)
    crystals = crystals_from_node(node)
    np.testing.assert_allclose(np.cbrt(crystals.volumes), [2.0, 3.0, 2.5])
    assert crystals['label'].tolist() == ['edge 2.0', 'edge 3.0', 'edge 2.5']
    assert crystals['uuid'][1] == node.creator.inputs.row_001.uuid
    assert node.facts['source'] == {'kind': 'group'}


def test_joined_sets_are_one_after_the_other():
    """The joined set has the rows, columns and facts of its parts."""
    joined = join(part_1=collected(2.0, 3.0), part_2=collected(4.0))['structures']
    crystals = crystals_from_node(joined)
    np.testing.assert_allclose(np.cbrt(crystals.volumes), [2.0, 3.0, 4.0])
    assert {*crystals.columns} == {'label', 'uuid'}
    assert joined.facts['source'] == {'kind': 'group'}


def test_what_is_no_crystal_ends_with_an_exit_code():
    """A slab is refused by name instead of with a traceback."""
    slab = silicon(3.0, (True, True, False))
    _, node = collect.run_get_node(source={'kind': 'group'}, row_0=slab)
    assert node.exit_status == 410
    assert slab.uuid in node.exit_message

"""What is refused where only crystals make sense."""

from dataclasses import replace

import pytest
from aiida import orm

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.workflows.crystal_inputs import are_crystals, is_crystal


@pytest.mark.parametrize(('periodic', 'problem'), [(True, None), (False, 'clusters')])
def test_sets_of_clusters_are_refused(aiida_profile, silicon, periodic, problem):
    """An engine that verifies takes crystals alone."""
    found = are_crystals(node_from_crystals(replace(silicon(5.4), periodic=periodic)), None)
    assert found is problem is None or problem in found


def test_empty_sets_are_refused(aiida_profile, silicon):
    """There is nothing to relax in a set of none."""
    node = node_from_crystals(silicon(5.4).select([]))
    assert are_crystals(node, None) == 'the set has no structures.'


@pytest.mark.parametrize('directions', range(4))
def test_structures_must_be_periodic_along_all_directions(aiida_profile, directions):
    """A molecule, a chain and a layer have neither phonon bands nor elastic constants."""
    pbc = tuple(axis < directions for axis in range(3))
    found = is_crystal(orm.StructureData(pbc=pbc), None)
    assert found is None if directions == 3 else f'along {directions} of 3' in found

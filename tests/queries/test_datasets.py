"""Tests of `aiida_crystalgen.queries.datasets`."""

import numpy as np
import pytest

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.queries.datasets import datasets
from aiida_crystalgen.science.crystals import Column, CrystalSet


def silicon(number: int, **metadata) -> CrystalSet:
    """Return simple cubic silicon a number of times."""
    return CrystalSet(
        lattices=np.tile(2.5 * np.eye(3), (number, 1, 1)),
        fractional_coordinates=np.zeros((number, 3)),
        atomic_numbers=np.full(number, 14),
        counts=np.ones(number, dtype=np.int64),
        columns={'energy': Column(np.zeros(number), 'eV/atom')},
        metadata=metadata,
    )


@pytest.mark.usefixtures('aiida_profile_clean')
def test_rows_describe_the_datasets():
    """Each dataset is one row, in alphabetical order; other sets are none."""
    engine = {'name': 'emt', 'package': 'ase', 'version': '3'}
    source = {'kind': 'files', 'files': {'Si.cif': 'ab'}}
    second = add_dataset(node_from_crystals(silicon(3)), 'zinc')
    add_dataset(node_from_crystals(silicon(2, engine=engine, source=source)), 'alpha', 'mine')
    node_from_crystals(silicon(5)).store()
    first, last = datasets()
    assert (first.label, first.number, first.formulas) == ('alpha', 2, ('Si',))
    assert (first.source, first.engine, first.description) == ('files', 'emt', 'mine')
    assert first.properties == {'energy': 'eV/atom'}
    assert (last.pk, last.uuid, last.source, last.engine) == (second.pk, second.uuid, '', '')


@pytest.mark.usefixtures('aiida_profile_clean')
def test_nothing_is_no_row():
    """A new profile has no datasets."""
    assert datasets() == ()

"""A small search for silicon with a classical potential, for the tests of whole searches."""

import pytest
from aiida import orm
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.convert import node_from_crystals

OVERRIDES = {
    'formula_units': [2, 4, 8],
    'candidates': 600,
    'volume': {'per_atom': 20.5, 'tolerance': 0.1},
    'distances': {'Si-Si': 2.1},
    'screening': {'similar_to': ['references', 'replicas'], 'within': 0.3, 'limit': 12},
    'relax': {'potential': 'stillinger-weber'},
    'seed': 1,
}


@pytest.fixture
def references():
    """Return a factory of known silicon crystals as a stored node."""

    def build() -> orm.Data:
        from aiida_crystalgen.science.sources.prototypes import prototypes

        crystals = prototypes('Si', volume_per_atom=20.4, maximum_atoms=8)
        return node_from_crystals(crystals).store()

    return build


@pytest.fixture
def search_builder(references):
    """Return a factory of builders of a small search; keys override those of the search."""

    def build(code=None, **changes):
        return WorkflowFactory('crystalgen.search').get_builder_from_protocol(
            'Si', references(), protocol='fast', code=code, overrides={**OVERRIDES, **changes}
        )

    return build

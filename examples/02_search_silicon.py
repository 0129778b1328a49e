"""A search for silicon from Python: ``verdi run examples/02_search_silicon.py``.

It takes the dataset that ``examples/01_import_data.py`` makes, and a classical potential, so that
it is over in a minute. With 7net-0 in its place, it is a search to learn from.
"""

from aiida import load_profile
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory

from aiida_crystalgen import queries

load_profile()

SearchWorkChain = WorkflowFactory('crystalgen.search')
builder = SearchWorkChain.get_builder_from_protocol(
    'Si',
    references='si-prototypes',
    protocol='fast',
    overrides={
        'formula_units': [2, 4, 8],  # atoms in the conventional cell
        'candidates': 300,
        'volume': {'per_atom': 20.5},  # Å³
        'distances': {'Si-Si': 2.1},  # Å
        'generators': [{'method': 'rdf_vae'}],
        'screening': {'within': 0.3, 'limit': 6},
        'relax': {'potential': 'stillinger-weber'},
        'seed': 1,
    },
)
builder.metadata.label = 'silicon from Python'

# `submit(builder)` hands it to the daemon instead, and returns at once. With
# `code=orm.load_code('crystalgen@localhost')` above, the heavy steps run as jobs.
_, node = run_get_node(builder)
print(f'Search {node.pk}: {node.exit_message or "finished"}')

for phase in queries.phases(search=node.pk):
    name = phase.known or 'new'
    print(f'{phase.label:4s}{phase.space_group_symbol:10s}{phase.energy_above_lowest:7.3f}  {name}')

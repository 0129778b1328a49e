"""Search for new silicon crystals from Python: ``verdi run examples/search_silicon.py``.

The data set is that of ``aiida-crystalgen dataset prototypes Si --label si-prototypes``.
"""

from aiida import load_profile, orm
from aiida.engine import submit
from aiida.plugins import WorkflowFactory

load_profile()

SearchWorkChain = WorkflowFactory('crystalgen.search')
builder = SearchWorkChain.get_builder_from_protocol(
    'Si',
    references='si-prototypes',
    protocol='fast',
    code=orm.load_code('crystalgen@localhost'),
    overrides={
        'formula_units': [8],
        'volume': {'per_atom': 23.0},  # Å³
        'distances': {'Si-Si': 2.1},  # Å
        'seed': 1,
    },
)
node = submit(builder)
print(f'Submitted search {node.pk}: aiida-crystalgen search watch {node.pk}')

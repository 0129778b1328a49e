"""The campaign of ``examples/03_campaign.yaml`` from Python: what each round brought.

``verdi run examples/03_campaign.py``; ``aiida-crystalgen search status campaign`` says the same.
"""

from pathlib import Path

from aiida import load_profile
from aiida.engine import run_get_node

from aiida_crystalgen import queries
from aiida_crystalgen.cli.search_file import read_search_file
from aiida_crystalgen.cli.search_inputs import build_search

load_profile()

file = Path(__file__).with_suffix('.yaml')
_, node = run_get_node(build_search(read_search_file(file)))
print(f'Search {node.pk} finished: {node.is_finished_ok}')

table = queries.phases(search=node.pk).to_dataframe()
print(table.groupby(['round', 'generator']).size().to_string())

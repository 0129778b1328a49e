"""From a phase back to what its model learned from: ``verdi run examples/05_provenance.py``.

It looks at the search of ``examples/02_search_silicon.py``.
"""

from aiida import load_profile, orm

from aiida_crystalgen import queries

load_profile()

phase = queries.phases(search='silicon from Python')[0]
way = queries.lineage(phase.uuid)
print(f'{phase.label}: {phase.formula}, {phase.space_group_symbol}, by {phase.engine_name}')
for relaxation in way.relaxations:
    print(f'  relaxed with {relaxation.engine["name"]}, row {relaxation.row}')
print(f'  proposed by {phase.generator}, row {phase.proposal_row}')
if way.model is not None:
    print(f'  model {way.model.sha256[:8]} with {way.model.number_of_weights} weights')
print(f'  trained on {len(way.training_structures)} crystals')

# The same graph, by one query: every process that the record depends on.
query = orm.QueryBuilder()
query.append(orm.Dict, filters={'uuid': phase.uuid}, tag='record')
query.append(orm.ProcessNode, with_descendants='record', project='attributes.process_label')
print('processes behind it:', *sorted(set(query.all(flat=True))))

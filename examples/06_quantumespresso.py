"""Two phases of silicon: ``verdi run examples/06_quantumespresso.py``.

It needs the code ``pw@localhost`` of Quantum ESPRESSO's pw.x, with the default plugin
quantumespresso.pw, and pseudopotentials, which this installs:
``aiida-pseudo install sssp -v 1.3 -x PBE -p efficiency``. It takes a few minutes of one core.
"""

import numpy as np
from aiida import load_profile
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.science.crystals import Column, CrystalSet

load_profile()

diamond = 5.5 / 2 * (np.ones((3, 3)) - np.eye(3))  # Å
beta_tin = np.array([4.9, 4.9, 2.6]) / 2 * (1 - 2 * np.eye(3))
crystals = CrystalSet(
    lattices=np.array([diamond, beta_tin]),
    fractional_coordinates=np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0], [3, 1, 2]]) / 4,
    atomic_numbers=np.full(4, 14),
    counts=np.array([2, 2]),
    columns={'label': Column(np.array(['diamond', 'beta-tin']))},
)
builder = WorkflowFactory('crystalgen.relax.quantumespresso').get_builder_from_protocol(
    node_from_crystals(crystals),
    'pw@localhost',
    protocol='fast',
    overrides={
        'max_concurrent': 1,
        'options': {
            'withmpi': False,
            'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 1},
            'prepend_text': 'export OMP_NUM_THREADS=1',
        },
    },
)
_, node = run_get_node(builder)
if not node.is_finished_ok:
    raise SystemExit(node.exit_message)
relaxed = crystals_from_node(node.outputs.relaxed)
for row, label in enumerate(relaxed['label']):
    energy = relaxed['energy'][row] - relaxed['energy'].min()
    volume = relaxed.volumes[row] / 2
    print(f'{label:10s}{energy:8.3f} eV/atom above the lowest  {volume:6.2f} Å³/atom')

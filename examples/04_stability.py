"""Phonons and elastic constants of copper: ``verdi run examples/04_stability.py``.

The effective-medium potential is the engine here. With VASP the builders get the inputs of that, as
in ``engine={'vasp': {...}}``; everything else stays the same.
"""

from typing import Any

from aiida import load_profile, orm
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.calculations.functions.extract import extract
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.science.structures import from_structures
from aiida_crystalgen.workflows.engines import potential_inputs

load_profile()

TIGHT = {'potential': 'emt', 'fmax': 1e-4, 'processes': 1}  # eV/Å


def run(name: str, start: orm.Node, **choices: Any) -> dict[str, Any]:
    """Return the outputs of a work chain with the settings of the protocol fast."""
    workchain = WorkflowFactory(f'crystalgen.{name}')
    builder = workchain.get_builder_from_protocol(start, protocol='fast', **choices)
    outputs, node = run_get_node(builder)
    if not node.is_finished_ok:
        raise SystemExit(node.exit_message)
    return outputs


cell = Structure.from_spacegroup('Fm-3m', Lattice.cubic(3.6), ['Cu'], [[0, 0, 0]])
copper = node_from_crystals(from_structures([cell.get_primitive_structure()], ['copper']))
relaxed = run('relax.potential', copper, overrides=TIGHT)['relaxed']
structure = extract(relaxed, orm.Int(0))['row_0000']

engine = {'potential': potential_inputs('fast', None, TIGHT)}
phonons = run('phonon', structure, engine=engine)['phonons']
print('phonons:', phonons['verdict'])

elasticity = run('elastic', structure, engine=engine)['elasticity']
(c11, c12, *_), *_ = elasticity['stiffness']
c44 = elasticity['stiffness'][3][3]
print('mechanically stable:', elasticity['stable'])
print(f'C11 {c11:.0f} GPa, C12 {c12:.0f} GPa, C44 {c44:.0f} GPa')

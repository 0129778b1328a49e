"""Known crystals of silicon as a dataset: ``verdi run examples/01_import_data.py``.

``aiida-crystalgen dataset import FILES --label si-files`` does the same from files of any kind;
``aiida-crystalgen dataset prototypes Si`` makes textbook structures, as the second half does.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from aiida import load_profile
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.science.sources.files import read_files
from aiida_crystalgen.science.sources.prototypes import prototypes

load_profile()

diamond = Structure.from_spacegroup('Fd-3m', Lattice.cubic(5.43), ['Si'], [[0, 0, 0]])
beta_tin = Structure.from_spacegroup('I4_1/amd', Lattice.tetragonal(4.69, 2.58), ['Si'], [[0] * 3])
with TemporaryDirectory() as folder:
    diamond.to(filename=f'{folder}/diamond.cif')
    beta_tin.to(filename=f'{folder}/beta-tin.cif')
    crystals = read_files([Path(folder)], shortest_distance=0.5)  # Å; closer atoms are refused
node = add_dataset(node_from_crystals(crystals), 'si-files', 'Silicon from CIF files.')
print(f'{node.number} crystals from files: dataset {node.label}')

crystals = prototypes('Si', volume_per_atom=20.4, maximum_atoms=4)  # Å³
node = add_dataset(node_from_crystals(crystals), 'si-prototypes', 'Textbook structures of silicon.')
print(f'{node.number} prototypes: dataset {node.label}')
print(*crystals['label'][:5], '…', sep='\n')

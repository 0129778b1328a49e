"""Well-known crystals."""

import pytest
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.structures import from_structures

CRYSTALS = {
    'diamond': (227, 'cubic', (3.57,), {'C': [0, 0, 0]}),
    'silicon': (227, 'cubic', (5.43,), {'Si': [0, 0, 0]}),
    'rock salt': (225, 'cubic', (5.64,), {'Na': [0.5, 0.5, 0.5], 'Cl': [0, 0, 0]}),
    'fluorite': (225, 'cubic', (5.46,), {'Ca': [0, 0, 0], 'F': [0.25, 0.25, 0.25]}),
    'antifluorite': (225, 'cubic', (4.62,), {'Li': [0.25, 0.25, 0.25], 'O': [0, 0, 0]}),
    'zinc blende': (216, 'cubic', (5.41,), {'Zn': [0.75, 0.75, 0.75], 'S': [0, 0, 0]}),
    'perovskite': (
        221,
        'cubic',
        (3.9,),
        {'Sr': [0.5, 0.5, 0.5], 'Ti': [0, 0, 0], 'O': [0.5, 0, 0]},
    ),
    'hcp': (194, 'hexagonal', (3.2, 5.2), {'Mg': [1 / 3, 2 / 3, 0.25]}),
    'wurtzite': (
        186,
        'hexagonal',
        (3.8, 6.2),
        {'Zn': [1 / 3, 2 / 3, 0], 'S': [1 / 3, 2 / 3, 0.375]},
    ),
    'beta tin': (141, 'tetragonal', (5.83, 3.18), {'Sn': [0, 0, 0]}),
    'arsenic': (166, 'hexagonal', (3.76, 10.55), {'As': [0, 0, 0.227]}),
}


@pytest.fixture
def known_crystal():
    """Return a function that makes a set of one well-known crystal."""

    def make(name):
        group, system, lengths, sites = CRYSTALS[name]
        structure = Structure.from_spacegroup(
            group, getattr(Lattice, system)(*lengths), list(sites), list(sites.values())
        )
        return from_structures([structure])

    return make

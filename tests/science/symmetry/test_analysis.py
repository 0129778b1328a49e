"""Space groups of crystals."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.structures import from_structures
from aiida_crystalgen.science.symmetry.analysis import space_group_symbol, space_groups


@pytest.mark.parametrize(
    ('name', 'number'), [('sc', 221), ('bcc', 229), ('fcc', 225), ('diamond', 227)]
)
def test_cubic_crystals(cubic, name, number):
    """Cubic crystals have their known space groups."""
    assert space_groups(cubic(name, 5.0), 0.01).tolist() == [number]


@pytest.mark.parametrize(
    ('number', 'cell'),
    [
        (1, Lattice.from_parameters(7.1, 8.3, 9.9, 81, 77, 95)),
        (2, Lattice.from_parameters(7.1, 8.3, 9.9, 81, 77, 95)),
        (14, Lattice.monoclinic(7.1, 8.3, 9.9, 104)),
        (62, Lattice.orthorhombic(7.1, 8.3, 9.9)),
        (136, Lattice.tetragonal(8.1, 6.3)),
        (166, Lattice.hexagonal(7.1, 11.3)),
        (186, Lattice.hexagonal(7.1, 11.3)),
        (216, Lattice.cubic(9.7)),
    ],
)
def test_crystals_built_from_a_space_group(number, cell, disguised):
    """A general position of a space group has that space group, in any cell."""
    sites = [[0.117, 0.231, 0.372], [0.293, 0.041, 0.189]]
    general = Structure.from_spacegroup(number, cell, ['Si', 'Ge'], sites)
    crystals = from_structures([general])
    together = concatenate([crystals, disguised(crystals)])
    assert space_groups(together, 1e-3).tolist() == [number, number]


def test_tolerance_decides(cubic):
    """Atoms moved by a hundredth of an Å break the symmetry unless the tolerance is larger."""
    crystals = cubic('diamond', 5.43)
    noise = np.random.default_rng(0).normal(size=(8, 3), scale=0.01 / 5.43)
    moved = from_structures(
        [Structure(Lattice.cubic(5.43), ['Si'] * 8, crystals.fractional_coordinates + noise)]
    )
    assert space_groups(moved, 0.1).tolist() == [227]
    assert space_groups(moved, 1e-4).tolist() == [1]


def test_nothing_is_found_where_atoms_coincide(crystal):
    """A crystal that spglib refuses has number 0, and the others keep theirs."""
    broken = crystal(4 * np.eye(3), [[0, 0, 0], [0, 0, 1e-5]])
    fine = crystal(4 * np.eye(3), [[0, 0, 0]])
    assert space_groups(concatenate([broken, fine]), 0.01).tolist() == [0, 221]


@pytest.mark.parametrize(
    ('number', 'symbol'), [(1, 'P1'), (227, 'Fd-3m'), (194, 'P6_3/mmc'), (0, '?')]
)
def test_symbols(number, symbol):
    """Numbers have their Hermann–Mauguin symbols."""
    assert space_group_symbol(number) == symbol

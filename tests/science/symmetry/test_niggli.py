"""Niggli-reduced lattices."""

import numpy as np
import pytest
from pymatgen.core import Lattice

from aiida_crystalgen.science.symmetry.niggli import niggli_lattices


def oblique(lattices, seed=0):
    """Return other cells of the same lattices."""
    generator = np.random.default_rng(seed)
    result = lattices.copy()
    for _ in range(6):
        first, second = generator.permutation(3)[:2]
        result[:, first] += generator.integers(-2, 3, (len(result), 1)) * result[:, second]
    return result


def parameters(lattices):
    """Return lengths in Å and angles in degrees."""
    return np.array([Lattice(one).parameters for one in lattices])


@pytest.fixture
def lattices():
    """Return random lattices."""
    return np.random.default_rng(0).normal(size=(200, 3, 3)) * 4


def test_reduced_lattices_agree_with_pymatgen(lattices):
    """Pymatgen finds the same lengths and angles."""
    expected = parameters(Lattice(one).get_niggli_reduced_lattice().matrix for one in lattices)
    assert parameters(niggli_lattices(oblique(lattices))) == pytest.approx(expected, abs=1e-6)


def test_vectors_span_the_same_lattice(lattices):
    """The change of cell is an integer matrix with determinant one, without a rotation."""
    changes = niggli_lattices(lattices) @ np.linalg.inv(lattices)
    assert changes == pytest.approx(np.rint(changes), abs=1e-9)
    assert np.linalg.det(changes) == pytest.approx(1)


def test_reduced_cell_is_unique(lattices):
    """The given cell does not matter."""
    first, second = (niggli_lattices(oblique(lattices, seed)) for seed in (1, 2))
    assert parameters(first) == pytest.approx(parameters(second), abs=1e-6)


def test_conditions_of_reduced_cells(lattices):
    """Lengths are ordered, no vector can be shortened by another, angles are of one kind."""
    reduced = niggli_lattices(lattices)
    a, b, c = reduced.transpose(1, 0, 2)
    lengths = np.linalg.norm(reduced, axis=2)
    assert (np.diff(lengths, axis=1) > -1e-4).all()
    products = np.stack([(b * c).sum(axis=1), (a * c).sum(axis=1), (a * b).sum(axis=1)], axis=1)
    limits = lengths[:, [1, 0, 0]] ** 2 / 2
    assert (np.abs(products) <= limits + 1e-3).all()
    assert ((products > -1e-4).all(axis=1) | (products < 1e-4).all(axis=1)).all()


@pytest.mark.parametrize(
    ('primitive', 'expected'),
    [
        ([[0, 2, 2], [2, 0, 2], [2, 2, 0]], (np.sqrt(8),) * 3 + (60,) * 3),
        ([[-2, 2, 2], [2, -2, 2], [2, 2, -2]], (np.sqrt(12),) * 3 + (109.4712206,) * 3),
        ([[4, 0, 0], [0, 4, 0], [0, 0, 4]], (4, 4, 4, 90, 90, 90)),
        ([[3, 0, 0], [-1.5, 1.5 * np.sqrt(3), 0], [0, 0, 5]], (3, 3, 5, 90, 90, 120)),
    ],
)
def test_symmetric_lattices(primitive, expected):
    """Lattices of high symmetry, where many vectors tie, have their known reduced cells."""
    cells = oblique(np.array([primitive] * 20, dtype=float))
    assert parameters(niggli_lattices(cells)) == pytest.approx(np.tile(expected, (20, 1)))


def test_nearly_symmetric_lattices_are_reduced():
    """Where lengths and angles differ by about the tolerance, the reduction ends all the same."""
    hexagonal = np.array([[5.5, 0, 0], [-2.75, 2.75 * np.sqrt(3), 0], [0, 0, 12]])
    noise = np.random.default_rng(0).normal(size=(20_000, 3, 3)) * 1e-5
    found = niggli_lattices(hexagonal + noise)
    lengths = np.linalg.norm(found, axis=2)
    assert lengths == pytest.approx(np.tile([5.5, 5.5, 12], (len(found), 1)), abs=1e-4)


def test_flat_lattice_is_refused():
    """A lattice without volume is named, not reduced for ever."""
    with pytest.raises(ValueError, match='lattice 1 has no volume'):
        niggli_lattices(np.array([np.eye(3), [[1, 0, 0], [0.5, 0, 0], [0, 0, 1]]]))

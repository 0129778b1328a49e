"""Laws of the path through the Brillouin zone."""

import numpy as np
import pytest
import seekpath

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.science.stability.phonons.bands import band_path, special_points
from aiida_crystalgen.science.symmetry.standard import standard_primitive

NACL = prototypes('NaCl', volume_per_atom=22.0, maximum_atoms=8)


def test_special_points_are_those_of_the_zone(cubic):
    """X, L and W of fcc are where the textbooks have them, in 1/Å."""
    crystal = standard_primitive(cubic('fcc', 4.0), 0.01)
    reciprocal = np.linalg.inv(crystal.lattices[0]).T * 4.0
    points = {name: np.sort(np.abs(q @ reciprocal)) for name, q in special_points(crystal).items()}
    np.testing.assert_allclose(points['X'], [0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(points['L'], [0.5, 0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(points['W'], [0, 0.5, 1], atol=1e-9)
    np.testing.assert_allclose(points['Γ'], 0, atol=1e-9)


@pytest.mark.skipif(not hasattr(seekpath, 'get_path_orig_cell'), reason='needs SeeK-path 2')
@pytest.mark.parametrize('row', range(len(NACL)))
def test_special_points_are_those_of_seekpath_in_any_orientation(row):
    """For a turned cell they are what SeeK-path says of the very cell."""
    crystal = standard_primitive(NACL.select([row]), 0.01)
    turn, _ = np.linalg.qr(np.random.default_rng(row).normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    turned = CrystalSet(
        crystal.lattices @ turn,
        crystal.fractional_coordinates,
        crystal.atomic_numbers,
        crystal.counts,
    )
    cell = (turned.lattices[0], turned.fractional_coordinates, turned.atomic_numbers)
    theirs = seekpath.get_path_orig_cell(cell)['point_coords']
    for name, q_point in special_points(turned).items():
        expected = theirs['GAMMA' if name == 'Γ' else name]
        np.testing.assert_allclose(q_point, expected, atol=1e-6)


def test_points_lie_as_close_as_asked_and_labels_at_special_points(cubic):
    """Only between the ends of lines that do not meet is there a jump."""
    crystal = standard_primitive(cubic('fcc', 4.0), 0.01)
    path = band_path(crystal, 0.1)
    points = special_points(crystal)
    for index, name in path.labels:
        np.testing.assert_allclose(path.q_points[index], points[name], atol=1e-12)
    reciprocal = 2 * np.pi * np.linalg.inv(crystal.lattices[0]).T
    steps = np.linalg.norm(np.diff(path.q_points, axis=0) @ reciprocal, axis=1)
    labelled = [index for index, _ in path.labels]
    jumps = [index for index in labelled if index + 1 in labelled]
    assert np.delete(steps, jumps).max() <= 0.1
    assert [name for _, name in path.labels] == ['Γ', 'X', 'U', 'K', 'Γ', 'L', 'W', 'X']

"""Laws of lattices as free numbers."""

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.symmetry.cell_parameters import (
    cell_lattices,
    cell_parameters,
    is_free,
    is_logarithm,
    length_derivatives,
)

FREEDOMS = {2: 6, 14: 4, 62: 3, 139: 2, 148: 2, 194: 2, 225: 1}
SHAPES = {  # metric tensor up to the scale, as functions of free lengths
    225: lambda metric: np.diag(metric[0, 0] * np.ones(3)),
    139: lambda metric: np.diag([metric[0, 0], metric[0, 0], metric[2, 2]]),
    62: lambda metric: np.diag(np.diag(metric)),
}


def random_parameters(group, number=20, spread=0.6):
    """Return parameters of cells, and their groups."""
    generator = torch.Generator().manual_seed(group)
    groups = torch.full((number,), group)
    numbers = spread * torch.randn(number, 6, generator=generator, dtype=torch.float64)
    return numbers * is_free(groups), groups


@pytest.mark.parametrize(('group', 'number'), FREEDOMS.items())
def test_systems_have_their_freedoms(group, number):
    """A crystal system has as many parameters as its lattices have degrees of freedom."""
    assert int(is_free(torch.tensor([group])).sum()) == number


@pytest.mark.parametrize('group', FREEDOMS)
def test_parameters_come_back(group):
    """Any numbers are a cell, and the cell has these numbers."""
    parameters, groups = random_parameters(group)
    lattices = cell_lattices(parameters, groups)
    assert (torch.linalg.det(lattices) > 0).all()
    torch.testing.assert_close(cell_parameters(lattices, groups), parameters, atol=1e-12, rtol=0)


@pytest.mark.parametrize('group', FREEDOMS)
def test_cells_come_back_in_any_orientation(group):
    """A turned cell has the same parameters, so that its edges and angles come back."""
    parameters, groups = random_parameters(group)
    lattices = cell_lattices(parameters, groups)
    rotation = torch.linalg.matrix_exp(
        torch.tensor([[0, 1, -2.0], [-1, 0, 3], [2, -3, 0]]).double()
    )
    torch.testing.assert_close(cell_parameters(lattices @ rotation, groups), parameters)


@pytest.mark.parametrize('group', SHAPES)
def test_cells_obey_their_system(group):
    """The metric tensor has the form that the crystal system asks for."""
    lattice = cell_lattices(*random_parameters(group))[3].numpy()
    metric = lattice @ lattice.T
    np.testing.assert_allclose(metric, SHAPES[group](metric), atol=1e-12)


@pytest.mark.parametrize('group', [148, 194])
def test_hexagonal_axes_meet_at_120_degrees(group):
    """The axes a and b are equally long, at 120° to each other and at right angles to c."""
    a, b, c = cell_lattices(*random_parameters(group))[5].numpy()
    assert a @ a == pytest.approx(b @ b)
    assert a @ b == pytest.approx(-0.5 * (a @ a))
    assert abs(c @ a) + abs(c @ b) < 1e-12


def test_monoclinic_axis_is_b():
    """The axis b is perpendicular to the other two."""
    a, b, c = cell_lattices(*random_parameters(14))[2].numpy()
    assert abs(a @ b) + abs(b @ c) < 1e-12
    assert abs(a @ c) > 1e-3


@pytest.mark.parametrize('group', FREEDOMS)
def test_logarithms_scale_the_cell(group):
    """The same number added to all logarithms multiplies every edge alike."""
    parameters, groups = random_parameters(group)
    larger = cell_lattices(parameters + 0.3 * is_logarithm(groups), groups)
    torch.testing.assert_close(larger, np.exp(0.3) * cell_lattices(parameters, groups))


@pytest.mark.parametrize('group', FREEDOMS)
def test_derivatives_are_those_of_the_lengths(group):
    """The closed form agrees with automatic differentiation."""
    parameters, groups = random_parameters(group)
    steps = torch.randn(len(groups), 3, generator=torch.Generator().manual_seed(1)).double()

    def vectors(numbers):
        return (steps[:, :, None] * cell_lattices(numbers, groups)).sum(dim=1)

    free = parameters.clone().requires_grad_()
    vectors(free).norm(dim=1).sum().backward()
    lattices = cell_lattices(parameters, groups)
    found = length_derivatives(vectors(parameters), lattices, groups)
    torch.testing.assert_close(found * is_free(groups), free.grad)

"""Laws of cells in units of what is usual."""

import numpy as np
import torch

from aiida_crystalgen.science.generators.score_langevin.batch import TemplateBatch
from aiida_crystalgen.science.generators.score_langevin.scaling import CellScaling


def test_cells_come_back(general, scaling):
    """Cells have coordinates, and coordinates cells."""
    batch = TemplateBatch.of(general.templates, scaling)
    lattices = torch.from_numpy(general.lattices)
    cells = scaling.coordinates(lattices, batch.edges, batch.layout)
    metrics = [one @ one.mT for one in (batch.lattices(cells), lattices)]
    torch.testing.assert_close(*metrics)


def test_usual_cells_have_usual_coordinates(known, scaling):
    """Coordinates of the crystals that the scaling was fitted to are of the order of one."""
    batch = TemplateBatch.of(known.templates, scaling)
    cells = scaling.coordinates(torch.from_numpy(known.lattices), batch.edges, batch.layout)
    spread = cells[batch.is_free].std()
    assert 0.1 < spread < 2


def test_volumes_follow_the_elements(known):
    """The expected volume of a compound that was seen is near its own."""
    scaling = CellScaling.fit(known, 1e-6)
    found = 3 * scaling.edges(known.templates)
    expected = np.log(np.linalg.det(known.lattices))
    assert np.abs(found - expected).mean() < 0.3


def test_derivatives_follow_the_coordinates(general, scaling):
    """The chain rule leads from parameters of cells to standard coordinates."""
    batch = TemplateBatch.of(general.templates, scaling)
    groups = batch.layout.groups
    cells = torch.zeros(len(groups), 6, dtype=torch.float64, requires_grad=True)
    batch.lattices(cells)[:, 0, 0].log().sum().backward()
    towards = torch.zeros(len(groups), 6, dtype=torch.float64)
    towards[:, 0] = 1  # the first parameter is the logarithm of the edge a in every system
    found = scaling.derivatives(towards, groups)
    torch.testing.assert_close(found, cells.grad * batch.is_free)


def test_weights_come_back(scaling):
    """What a checkpoint keeps is the scaling."""
    again = CellScaling.from_weights(scaling.to_weights())
    np.testing.assert_array_equal(again.spreads, scaling.spreads)
    np.testing.assert_array_equal(again.volumes, scaling.volumes)

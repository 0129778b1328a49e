"""Laws of what the network says of crystals."""

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.generators.score_langevin.batch import CrystalNumbers, TemplateBatch
from aiida_crystalgen.science.generators.score_langevin.noise import NoiseSchedule

TIME = 0.6


def described(crystals, scaling):
    """Return batch and numbers of crystals."""
    batch = TemplateBatch.of(crystals.templates, scaling)
    lattices = torch.from_numpy(crystals.lattices)
    cells = scaling.coordinates(lattices, batch.edges, batch.layout)
    return batch, CrystalNumbers(torch.from_numpy(crystals.parameters), cells)


@pytest.fixture
def noise(network, parsed):
    """Return a function that asks the network for the noise of crystals."""
    schedule = NoiseSchedule(parsed.noise)

    def find(batch, numbers):
        times = torch.full((len(batch),), TIME, dtype=torch.float64)
        with torch.no_grad():
            return batch.noise(network, schedule, numbers, times)

    return find


def test_sites_move_only_as_they_may(general, scaling, noise):
    """The noise of a site lies in its Wyckoff position, and there is some."""
    batch, numbers = described(general, scaling)
    found = noise(batch, numbers).parameters
    torch.testing.assert_close(batch.freedoms.allowed(found), found)
    assert (found.norm(dim=1) > 0).all()


def test_cells_change_only_as_they_may(general, scaling, noise):
    """The noise of a cell has the freedom of its crystal system."""
    batch, numbers = described(general, scaling)
    found = noise(batch, numbers).cells
    assert (found[~batch.is_free] == 0).all()
    assert (found[batch.is_free] != 0).all()


def test_other_names_turn_the_noise(general, scaling, noise):
    """Another point of an orbit as its first turns the site's noise, and changes no other."""
    batch, numbers = described(general, scaling)
    before, freedoms = noise(batch, numbers), batch.freedoms
    first = torch.unique(freedoms.named, return_inverse=False)
    names = torch.stack([torch.nonzero(freedoms.named == site)[-1, 0] for site in first])
    places = (numbers.parameters[:, :, None] * freedoms.from_parameters).sum(dim=1)
    turned = (places[:, :, None] * freedoms.turns[names]).sum(dim=1) + freedoms.shifts[names]
    parameters = (turned[:, :, None] * freedoms.to_parameters).sum(dim=1)
    after = noise(batch, CrystalNumbers(parameters, numbers.cells))
    expected = (before.parameters[:, :, None] * freedoms.turns[names]).sum(dim=1)
    torch.testing.assert_close(after.parameters, expected, atol=2e-5, rtol=1e-3)
    torch.testing.assert_close(after.cells, before.cells, atol=2e-5, rtol=1e-3)


def test_polar_crystals_may_be_anywhere(general, scaling, noise):
    """Moving a crystal along its polar axis changes nothing."""
    batch, numbers = described(general, scaling)
    before, freedoms = noise(batch, numbers), batch.freedoms
    along = (torch.full((len(freedoms.owners), 3, 1), 0.3) * freedoms.drifts[freedoms.owners]).sum(
        dim=1
    )
    moved = CrystalNumbers(freedoms.moved(numbers.parameters, along), numbers.cells)
    after = noise(batch, moved)
    torch.testing.assert_close(after.parameters, before.parameters, atol=2e-5, rtol=1e-3)


def test_batches_do_not_matter(general, scaling, noise):
    """What the network says of a crystal does not depend on the others, to the bit."""
    batch, numbers = described(general, scaling)
    together = noise(batch, numbers)
    rows = [7, 3, 4, 9, 0, 5, 1, 11]
    some = noise(*described(general.select(rows), scaling))
    assert torch.equal(some.cells, together.cells[rows])
    sites = np.concatenate([[2 * row, 2 * row + 1] for row in rows])
    assert torch.equal(some.parameters, together.parameters[sites])


def test_atoms_in_one_place_are_no_error(general, scaling, noise):
    """Sites that have met still get finite noise."""
    batch, numbers = described(general, scaling)
    parameters = numbers.parameters.clone()
    parameters[1] = parameters[0]
    found = noise(batch, CrystalNumbers(parameters, numbers.cells))
    assert torch.isfinite(found.parameters).all()
    assert torch.isfinite(found.cells).all()

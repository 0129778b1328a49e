"""Laws of what a site may do."""

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.generators.score_langevin.freedoms import SiteFreedoms
from aiida_crystalgen.science.multigraph import Layout


@pytest.fixture(scope='module')
def layout(general):
    """Return the layout of crystals of all kinds."""
    return Layout.of(general.templates)


@pytest.fixture(scope='module')
def freedoms(layout):
    """Return how their sites may move."""
    return SiteFreedoms.of(layout)


@pytest.fixture
def steps(freedoms):
    """Return random displacements that the sites may have."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(len(freedoms.owners), 3, generator=generator, dtype=torch.float64)
    return freedoms.allowed(noise)


def orbits(layout, parameters, primitive):
    """Return all points of the orbits of sites, modulo the lattice, sorted."""
    points = layout.points(parameters).numpy() @ np.eye(3)
    result = []
    for site, group in enumerate(layout.groups[layout.owners].tolist()):
        own = points[(layout.image_sites == site).numpy()] @ np.linalg.inv(primitive[group])
        result.append(sorted(map(tuple, np.round(own % 1, 6) % 1)))
    return result


def test_displacements_keep_their_length(layout, freedoms, general, steps):
    """A step along conventional axes moves the first point by as much, within its position."""
    parameters = torch.from_numpy(general.parameters)
    maps = layout.tables.maps[layout.tables.map_bounds[layout.positions], :, :3]
    moved = parameters + (steps[:, :, None] * freedoms.to_parameters).sum(dim=1)
    fractions = (maps * (moved - parameters)[:, None]).sum(dim=2)
    along_axes = (fractions[:, :, None] * freedoms.frames[freedoms.owners]).sum(dim=1)
    torch.testing.assert_close(along_axes, steps, atol=1e-12, rtol=0)


def test_dimensions_are_those_of_the_positions(layout, freedoms):
    """A site has as many directions to move in as its position has free parameters."""
    expected = layout.tables.freedoms[layout.positions].to(torch.float64)
    torch.testing.assert_close(freedoms.dimensions(), expected)


def test_other_names_are_of_the_same_orbit(layout, freedoms, general):
    """A site that takes another of its names has the same atoms."""
    from aiida_crystalgen.science.symmetry.lattices import primitive_basis

    primitive = {int(group): primitive_basis(int(group)) for group in layout.groups}
    parameters = torch.from_numpy(general.parameters)
    before = (parameters[:, :, None] * freedoms.from_parameters).sum(dim=1)
    expected = orbits(layout, parameters, primitive)
    for name in range(0, len(freedoms.named), 3):
        site = int(freedoms.named[name])
        changed = parameters.clone()
        other = before[site] @ freedoms.turns[name] + freedoms.shifts[name]
        changed[site] = other @ freedoms.to_parameters[site]
        found = orbits(layout, changed, primitive)[site]
        np.testing.assert_allclose(found, expected[site], atol=2e-6)


def test_little_noise_is_what_was_added(freedoms, general, steps):
    """Where nothing else could have come from, the expected noise is the noise."""
    deviations = torch.full((len(steps),), 1e-3, dtype=torch.float64)
    found = freedoms.expected_noise(torch.from_numpy(general.parameters), 1e-3 * steps, deviations)
    torch.testing.assert_close(found, steps, atol=1e-6, rtol=0)


def test_much_noise_says_nothing(freedoms, general, steps):
    """Where an atom can have come from anywhere, hardly any noise is expected."""
    deviations = torch.full((len(steps),), 0.5, dtype=torch.float64)
    found = freedoms.expected_noise(torch.from_numpy(general.parameters), 0.5 * steps, deviations)
    is_general = freedoms.owners < 2  # periods of other sites may be longer
    assert found[is_general].abs().max() < 0.06


def test_expected_noise_has_the_mean_of_the_noise(freedoms, general):
    """Its product with any function of where a site is now is that of the noise, on average."""
    generator = torch.Generator().manual_seed(1)
    parameters = torch.from_numpy(general.parameters)
    deviations = torch.full((len(parameters),), 0.2, dtype=torch.float64)
    sums = torch.zeros(2, len(parameters), dtype=torch.float64)
    for _ in range(400):
        noise = torch.randn(len(parameters), 3, generator=generator, dtype=torch.float64)
        noise = freedoms.allowed(noise)
        found = freedoms.expected_noise(parameters, 0.2 * noise, deviations)
        sums += torch.stack([(noise * found).sum(dim=1), (found * found).sum(dim=1)])
    torch.testing.assert_close(sums[0] / 400, sums[1] / 400, atol=0.35, rtol=0)


@pytest.mark.parametrize(('group', 'dimensions'), [(1, 3), (36, 1), (146, 1), (62, 0), (216, 0)])
def test_polar_groups_drift(layout, freedoms, group, dimensions):
    """A crystal can move as a whole along the directions that all operations leave."""
    row = layout.groups.tolist().index(group)
    assert float(torch.trace(freedoms.drifts[row])) == pytest.approx(dimensions)


def test_drift_is_left_out(freedoms, steps):
    """Steps of all sites alike along a polar axis are nothing; twice is as good as once."""
    once = freedoms.without_drift(steps)
    torch.testing.assert_close(freedoms.without_drift(once), once)
    together = torch.ones(len(freedoms.owners), 3, dtype=torch.float64)
    along = (together[:, :, None] * freedoms.drifts[freedoms.owners]).sum(dim=1)
    assert freedoms.without_drift(along).abs().max() < 1e-12

"""Laws of the network that sees triplets of atoms."""

from dataclasses import replace
from math import pi, sqrt

import numpy as np
import pytest
import torch
from scipy.special import eval_legendre

from aiida_crystalgen.science.checkpoint import read_checkpoint, write_checkpoint
from aiida_crystalgen.science.generators.interface import Course
from aiida_crystalgen.science.generators.score_langevin import ScoreLangevin
from aiida_crystalgen.science.generators.score_langevin.architectures import new_network
from aiida_crystalgen.science.generators.score_langevin.batch import CrystalNumbers, TemplateBatch
from aiida_crystalgen.science.generators.score_langevin.harmonics import spherical_harmonics
from aiida_crystalgen.science.generators.score_langevin.noise import NoiseSchedule
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.triplet_sums import TripletSums
from aiida_crystalgen.science.multigraph import Layout, edges_within
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates
from aiida_crystalgen.science.symmetry.cell_parameters import length_derivatives
from aiida_crystalgen.workflows.protocol import protocol_inputs


@pytest.fixture(scope='module')
def triplets(triplet_settings):
    """Return the network with random weights."""
    parsed = ScoreLangevinSettings.parse(triplet_settings)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return new_network(parsed).eval()


@pytest.fixture(scope='module')
def symmetric(general, scaling, triplets, parsed):
    """Return batch and lattices of crystals, and what the network is told of them."""
    batch, seen = TemplateBatch.of(general.templates, scaling), []
    lattices = torch.from_numpy(general.lattices)
    cells = scaling.coordinates(lattices, batch.edges, batch.layout)
    numbers = CrystalNumbers(torch.from_numpy(general.parameters), cells)
    hook = triplets.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    times = torch.full((len(batch),), 0.6, dtype=torch.float64)
    with torch.no_grad():
        batch.noise(triplets, NoiseSchedule(parsed.noise), numbers, times)
    hook.remove()
    return batch, numbers, batch.lattices(cells), seen[0]


@pytest.fixture(scope='module')
def full(symmetric, general, scaling, triplets):
    """Return what the network would be told of all atoms of the primitive cells, without symmetry.

    What is known of sites and crystals is that of the symmetric description.
    """
    batch, numbers, lattices, noisy = symmetric
    layout, settings = batch.layout, triplets.settings
    edges = _plain_edges(layout, numbers.parameters, lattices, settings.cutoff)
    origins, owners = layout.image_sites, layout.owners[layout.image_sites]
    groups = layout.groups[owners[edges.sites]]
    directions = (edges.vectors / edges.lengths[:, None]).to(torch.float32)
    growths = length_derivatives(edges.vectors, lattices[owners[edges.sites]], groups)
    return replace(
        noisy,
        owners=owners,
        numbers=layout.numbers[origins],
        facts=noisy.facts[origins],
        shares=(noisy.shares / layout.multiplicities)[origins],
        sites=edges.sites,
        neighbors=edges.neighbors,
        is_image=(origins[edges.sites] == origins[edges.neighbors])
        & (edges.sites != edges.neighbors),
        lengths=edges.lengths.to(torch.float32),
        directions=directions,
        harmonics=spherical_harmonics(directions, settings.degree),
        reversed_harmonics=spherical_harmonics(-directions, settings.degree),
        growths=scaling.derivatives(growths.to(torch.float32), groups),
    )


def _plain_edges(layout, parameters, lattices, cutoff):
    """Return the edges of crystals as if they had no symmetry."""
    groups, owners = layout.groups, layout.owners[layout.image_sites]
    points = (
        layout.points(parameters)[:, :, None] * layout.tables.to_primitive[groups][owners]
    ).sum(1)
    counts = torch.bincount(owners)
    templates = SiteTemplates(
        torch.ones_like(counts).numpy(),
        counts.numpy(),
        layout.numbers[layout.image_sites].numpy(),
        torch.zeros_like(owners).numpy(),
    )
    cells = layout.tables.bases[groups] @ lattices
    cutoffs = torch.full((len(counts),), cutoff, dtype=torch.float64)
    return edges_within(Layout.of(templates), points, cells, cutoffs)


def test_noise_is_that_of_the_full_crystal(symmetric, full, triplets):
    """Of inequivalent atoms alone the network says what it says of all atoms, in any group."""
    batch, _, _, noisy = symmetric
    counts = batch.layout.multiplicities
    with torch.no_grad():
        (vectors, cells), (all_vectors, all_cells) = triplets(noisy), triplets(full)
    torch.testing.assert_close(
        all_vectors[counts.cumsum(0) - counts], vectors, atol=2e-4, rtol=1e-3
    )
    torch.testing.assert_close(all_cells, cells, atol=2e-4, rtol=1e-3)
    lengths = all_vectors.norm(dim=1)
    expected = vectors.norm(dim=1).repeat_interleave(counts)
    torch.testing.assert_close(lengths, expected, atol=2e-4, rtol=1e-3)
    assert expected.max() > 1e-2


def test_sums_are_those_over_triplets(full):
    """Sums over components of harmonics are those over all pairs of edges at an atom."""
    own = full.owners[full.sites] == 2
    sites, ends = full.sites[own], full.neighbors[own]
    directions = torch.nn.functional.normalize(full.directions[own].double())
    messages = torch.rand(5, len(sites), 3, dtype=torch.float64)
    harmonics = [spherical_harmonics(one, 4) for one in (directions, -directions)]
    found = TripletSums.of(sites, ends, len(full.owners), *harmonics).summed(messages)
    outer, inner = torch.nonzero(ends[:, None] == sites, as_tuple=True)
    cosines = -(directions[outer] * directions[inner]).sum(dim=1).numpy()
    expected = torch.zeros_like(found)
    for degree in range(5):
        zonal = sqrt((2 * degree + 1) / (4 * pi)) * torch.from_numpy(eval_legendre(degree, cosines))
        expected.index_add_(0, outer, messages[degree, inner] * zonal[:, None])
    torch.testing.assert_close(found, expected)


def test_angles_count(symmetric, triplets):
    """Edges of the same lengths between the same sites, turned, say something else."""
    noisy = symmetric[3]
    other = replace(noisy, harmonics=noisy.harmonics.roll(1, 0))
    with torch.no_grad():
        assert (triplets(other)[0] - triplets(noisy)[0]).norm() > 1e-2


def test_far_atoms_fade_out(symmetric, triplets):
    """An edge that ends at the cut-off changes nothing when it is left out."""
    noisy = symmetric[3]
    lengths = noisy.lengths.clone()
    lengths[::7] = triplets.settings.cutoff
    kept = torch.arange(len(lengths)) % 7 > 0
    named = ('sites', 'neighbors', 'is_image', 'directions', 'harmonics', 'reversed_harmonics')
    parts = {name: getattr(noisy, name)[kept] for name in (*named, 'growths')}
    with torch.no_grad():
        found = triplets(replace(noisy, lengths=lengths))
        expected = triplets(replace(noisy, lengths=lengths[kept], **parts))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)


def test_models_with_triplets_come_back(known, triplet_settings, request_for):
    """A training that was cut short goes on to the same bytes, and its model proposes."""
    states, generator, crystals = [], ScoreLangevin(), known.to_crystals()
    course = Course(save=lambda capture: states.append(capture()))
    whole = generator.resume_training(crystals, triplet_settings, course, seed=1, progress=silent)
    course = Course(state=read_checkpoint(write_checkpoint(states[0])))
    again = generator.resume_training(crystals, triplet_settings, course, seed=1, progress=silent)
    assert write_checkpoint(again) == write_checkpoint(whole)
    proposed = generator.propose(whole, request_for(), seed=1, progress=silent)
    some = generator.propose_rows(whole, request_for(), np.array([1, 4]), seed=1, progress=silent)
    assert np.array_equal(some.lattices, proposed.lattices[[1, 4]])


def test_architectures_are_not_mixed(known, triplet_settings, trained):
    """A model of the other architecture is none to start from, and a choice needs its settings."""
    with pytest.raises(ValueError, match="other settings of 'architecture'"):
        ScoreLangevin().resume_training(
            known.to_crystals(), triplet_settings, Course(start=trained), seed=1, progress=silent
        )
    lacking = {**triplet_settings, 'triplets': None}
    with pytest.raises(ValueError, match="there are no settings 'triplets'"):
        ScoreLangevinSettings.parse(lacking)


def test_protocol_of_the_paper_has_triplets():
    """It gives complete settings of the network with triplets."""
    settings = ScoreLangevinSettings.parse(protocol_inputs('train/score_langevin', 'sultanov-2023'))
    assert settings.architecture == 'triplets'
    assert settings.layers == settings.triplets

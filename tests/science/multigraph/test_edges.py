"""Laws of the symmetric multigraph."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from aiida_crystalgen.science.multigraph import (
    Layout,
    classified,
    edges_within,
    nearest_edges,
)
from aiida_crystalgen.science.structures import to_structure

CUTOFF = 5.0


def graph(crystals, cutoff=CUTOFF):
    """Return layout and edges of symmetric crystals."""
    layout = Layout.of(crystals.templates)
    lattices = torch.from_numpy(crystals.lattices)
    cutoffs = torch.full((len(crystals),), cutoff, dtype=torch.float64)
    return layout, edges_within(layout, torch.from_numpy(crystals.parameters), lattices, cutoffs)


def neighborhood_facts(layout, edges, row):
    """Return sorted elements and lengths of all edges of a crystal, each as often as it occurs."""
    own = layout.owners[edges.sites] == row
    repeats = layout.multiplicities[edges.sites[own]]
    ends = [
        layout.numbers[one[own]].repeat_interleave(repeats)
        for one in (edges.sites, edges.neighbors)
    ]
    lengths = edges.lengths[own].repeat_interleave(repeats).numpy().round(6)
    return sorted(zip(ends[0].tolist(), ends[1].tolist(), lengths.tolist(), strict=True))


def are_among(edges, begins, ends, vectors):
    """Return whether there are edges between these sites with these vectors."""
    known = np.column_stack([1e3 * edges.sites, 1e3 * edges.neighbors, edges.vectors])
    wanted = np.column_stack([1e3 * begins, 1e3 * ends, vectors])
    return cKDTree(known).query(wanted)[0].max() < 1e-6


def test_distances_are_those_of_the_full_cell(symmetric, group):
    """Edges from inequivalent atoms give every distance of the P1 cell, between like elements."""
    crystals = symmetric([group], seed=group)
    structure = to_structure(crystals.to_crystals(), 0)
    first, second, _, lengths = structure.get_neighbor_list(CUTOFF)
    numbers = np.array(structure.atomic_numbers)
    expected = sorted(zip(numbers[first].tolist(), numbers[second].tolist(), lengths, strict=True))
    found = neighborhood_facts(*graph(crystals), 0)
    assert len(found) == len(expected) > 0
    np.testing.assert_allclose(found, sorted(expected), atol=2e-6)


def test_batches_do_not_matter(mixed):
    """A crystal among others has the edges that it has alone, to the bit."""
    layout, edges = graph(mixed)
    for row in (0, 7, 21):
        alone = graph(mixed.select([row]))[1]
        own = layout.owners[edges.sites] == row
        assert torch.equal(edges.vectors[own], alone.vectors)


def test_every_edge_has_its_reverse(mixed):
    """The reverse of an edge, seen from the site that it ends at, is an edge of that site."""
    layout, edges = graph(mixed)
    backward = edges.reversed_vectors(layout, torch.from_numpy(mixed.lattices))

    assert are_among(edges, edges.neighbors, edges.sites, backward)


def test_the_representative_is_a_matter_of_choice(symmetric, group):
    """Another atom of an orbit as its representative leaves the lengths of all edges."""
    crystals = symmetric([group], seed=group)
    layout, edges = graph(crystals)
    structure = to_structure(crystals.to_crystals(), 0)
    for atom in range(0, len(structure), max(1, len(structure) // 5)):
        site = int(layout.image_sites[atom])
        around = sorted(one.nn_distance for one in structure.get_neighbors(structure[atom], CUTOFF))
        own = edges.lengths[edges.sites == site].sort().values
        np.testing.assert_allclose(own, around, atol=1e-6)


def test_classes_lose_nothing(mixed):
    """Edges of a class are equally long, and sums over classes are sums over edges."""
    layout, edges = graph(mixed)
    classes = classified(edges, len(layout.owners))
    assert len(classes) < len(edges)
    torch.testing.assert_close(classes.lengths[classes.members], edges.lengths, atol=1e-6, rtol=0)
    assert torch.equal(classes.sites[classes.members], edges.sites)
    assert torch.equal(classes.neighbors[classes.members], edges.neighbors)
    torch.testing.assert_close(classes.summed(edges.vectors).sum(dim=0), edges.vectors.sum(dim=0))


def test_nearest_neighbors_are_the_nearest(mixed):
    """Each site keeps at least so many neighbours, the nearest ones, and reverses of others'."""
    layout = Layout.of(mixed.templates)
    tensors = torch.from_numpy(mixed.parameters), torch.from_numpy(mixed.lattices)
    nearest, every = nearest_edges(layout, *tensors, 12), graph(mixed, 12.0)[1]
    for site in range(0, len(layout.owners), 5):
        lengths = every.lengths[every.sites == site].sort().values
        kept = nearest.lengths[nearest.sites == site].sort().values
        torch.testing.assert_close(kept[:12], lengths[:12])
    backward = nearest.reversed_vectors(layout, tensors[1])
    assert are_among(nearest, nearest.neighbors, nearest.sites, backward)


def test_tiny_cells_are_refused(symmetric):
    """A cell that has collapsed is an error, not an endless search."""
    crystals = symmetric([225])
    layout = Layout.of(crystals.templates)
    lattices = torch.from_numpy(crystals.lattices * 1e-3)
    cutoffs = torch.full((1,), CUTOFF, dtype=torch.float64)
    with pytest.raises(ValueError, match='too small'):
        edges_within(layout, torch.from_numpy(crystals.parameters), lattices, cutoffs)

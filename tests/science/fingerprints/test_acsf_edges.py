"""The neighbours of all atoms of a batch."""

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.fingerprints.acsf.edges import edge_vectors, find_edges
from aiida_crystalgen.science.structures import to_structures


def searched(crystals, cutoff, *, periodic=True):
    """Return the edges of the crystals and their vectors."""
    batch = (
        torch.tensor(crystals.lattices),
        torch.tensor(crystals.fractional_coordinates),
        torch.tensor(crystals.counts),
    )
    edges = find_edges(*batch, cutoff, periodic=periodic)
    return edges, edge_vectors(*batch, edges)


@pytest.mark.parametrize('cutoff', [1.5, 4.0, 9.0])
def test_edges_are_those_of_pymatgen(random_set, disguised, cutoff):
    """In cells of any shape and size all neighbours are found, and no others."""
    plain = concatenate([random_set(3, number, seed=number) for number in (1, 2, 6)])
    crystals = concatenate([plain, disguised(plain)])
    edges, vectors = searched(crystals, cutoff)
    for row, structure in enumerate(to_structures(crystals)):
        chosen = edges.crystals == row
        first, second, _, distances = structure.get_neighbor_list(cutoff)
        start = crystals.offsets[row]
        found = [edges.centres[chosen] - start, edges.neighbors[chosen] - start]
        assert sorted(zip(*(one.tolist() for one in found), strict=True)) == sorted(
            zip(first.tolist(), second.tolist(), strict=True)
        )
        lengths = vectors[chosen].norm(dim=1).sort().values
        assert lengths.numpy() == pytest.approx(np.sort(distances), abs=1e-9)


def test_edges_of_a_centre_follow_each_other(random_set):
    """Edges are listed centre after centre, and its neighbours in their order."""
    crystals = concatenate([random_set(30, number, seed=number) for number in (5, 2, 5)])
    edges, _ = searched(crystals, 4.0)
    assert len(torch.unique_consecutive(edges.centres)) == len(torch.unique(edges.centres))
    same = edges.centres[1:] == edges.centres[:-1]
    assert bool((edges.neighbors.diff()[same] >= 0).all())


def test_every_edge_has_its_opposite(random_set):
    """What is a neighbour has its centre as a neighbour."""
    edges, vectors = searched(random_set(5, 4), 5.0)
    assert bool((torch.bincount(edges.centres) == torch.bincount(edges.neighbors)).all())
    assert float(vectors.sum(0).abs().max()) < 1e-9


def test_an_atom_is_a_neighbor_of_its_images_alone(cubic):
    """A simple cubic crystal has its six and twelve neighbours."""
    edges, vectors = searched(cubic('sc', 3.0), 4.5)
    assert len(edges.centres) == 18
    assert float(vectors.norm(dim=1).min()) == pytest.approx(3.0)


def test_clusters_have_no_images(cubic):
    """Without periodicity only atoms of the list are neighbours, at their own distance."""
    edges, vectors = searched(cubic('bcc', 3.0), 20.0, periodic=False)
    assert edges.centres.tolist() == [0, 1]
    assert float(vectors[0].norm()) == pytest.approx(1.5 * np.sqrt(3))


@pytest.mark.parametrize(
    ('lattice', 'problem'),
    [
        (np.diag([3.0, 3.0, 0.0]), 'has no volume'),
        (np.diag([0.01, 0.01, 0.01]), 'too small'),
        (np.diag([3.0, 3.0, np.nan]), 'finite'),
    ],
)
def test_impossible_cells_are_refused(lattice, problem):
    """The message says what is wrong with the cell."""
    batch = (torch.tensor(lattice)[None], torch.zeros(1, 3).double(), torch.tensor([1]))
    with pytest.raises(ValueError, match=problem):
        find_edges(*batch, 5.0, periodic=True)

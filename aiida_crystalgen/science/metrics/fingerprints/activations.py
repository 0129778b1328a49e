"""Activation fingerprints: what a graph network sees in each atom, averaged.

Their Fréchet distance is to crystals what that of an Inception network (Heusel et al., NeurIPS
2017, arXiv:1706.08500) is to images. Sultanov et al. 2023 (arXiv:2310.10695) give it for a CGCNN;
here the network is an interatomic potential.

A network knows crystals near equilibrium. Its activations are of the order of one there, but of
thousands and more where two atoms are closer than any that it was trained on, and a few such atoms
would decide the moments of a whole set. So the inverse hyperbolic sine of the activations is
averaged: the number itself where it is small, its logarithm where it is large.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.fingerprints.crystal_nn import have_room
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.progress import Progress, silent

__all__ = ('GraphNetwork', 'activation_fingerprints', 'load_network')

_BLOCK = 256  # atoms at once; more are no faster
_SMALLEST = 0.5  # Å³ per atom; in denser cells neighbours fill the memory, and real ones have room


@runtime_checkable
class GraphNetwork(Protocol):
    """A potential that is a graph network and shows what it sees in each atom."""

    name: str

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers of the elements that it knows."""

    def activations(self, crystals: CrystalSet) -> Float[np.ndarray, 'atoms features']:
        """Return invariant features of each atom, independent of other crystals of the set."""


def load_network(name: str) -> GraphNetwork:
    """Return the graph network of this name.

    :raises ValueError: if no potential of this name is installed, or it is none.
    """
    potential = load_potential(name)
    if not isinstance(potential, GraphNetwork):
        raise ValueError(
            f"the potential '{name}' is no graph network with activations; choose another, as "
            "'7net-0', or none"
        )
    return potential


def activation_fingerprints(
    crystals: CrystalSet, network: GraphNetwork, *, progress: Progress = silent
) -> Float[np.ndarray, 'crystals features']:
    """Return the mean over the atoms of the inverse hyperbolic sine of their activations.

    NaN where the network does not know an element, or cell or atoms have no room.

    :raises ValueError: if these are clusters.
    """
    if not crystals.periodic:
        raise ValueError('activation fingerprints are for crystals, and these are clusters')
    usable = np.flatnonzero(_are_usable(crystals, network))
    empty = network.activations(crystals.select([]))
    result = np.full((len(crystals), empty.shape[1]), np.nan)
    blocks = np.cumsum(crystals.counts[usable]) // _BLOCK
    parts = np.split(usable, np.flatnonzero(np.diff(blocks)) + 1) if len(usable) else []
    done = 0
    for rows in parts:
        some = crystals.select(rows)
        features = np.arcsinh(network.activations(some))
        sums = np.add.reduceat(features, some.offsets[:-1], axis=0)
        result[rows] = sums / some.counts[:, None]
        done += len(rows)
        progress(done, len(usable), 'activation fingerprints')
    return result


def _are_usable(crystals: CrystalSet, network: GraphNetwork) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals the network can say something of."""
    known = np.isin(crystals.atomic_numbers, sorted(network.elements))
    strangers = np.bincount(crystals.crystal_of_atom, ~known, minlength=len(crystals))
    sparse = crystals.volumes >= _SMALLEST * crystals.counts
    return (strangers == 0) & sparse & have_room(crystals)

"""Atom-centred symmetry functions of batches of crystals, differentiable in positions and cells.

Behler, J. Chem. Phys. 134, 074106 (2011), doi:10.1063/1.3553717, equations 4, 6 and 9; pooled over
the atoms as in Fung et al., Mach. Learn.: Sci. Technol. 3, 045018 (2022),
doi:10.1088/2632-2153/aca1f7, equation 3. Each unordered pair of neighbours counts once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import torch
from ase.data import chemical_symbols
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.acsf.angular import AngularSums, Terms
from aiida_crystalgen.science.fingerprints.acsf.edges import (
    edge_vectors,
    find_edges,
    translation_windows,
)
from aiida_crystalgen.science.fingerprints.acsf.pooling import pooled
from aiida_crystalgen.science.fingerprints.acsf.radial import RadialSums
from aiida_crystalgen.science.fingerprints.acsf.settings import AcsfSettings
from aiida_crystalgen.science.fingerprints.acsf.slots import padded_segments

__all__ = ('SymmetryFunctions', 'symmetry_functions')

_SHORTEST = 1e-6  # Å: atoms closer than this have no direction, and no gradient that pushes them
_EDGES_AT_ONCE = 1 << 19  # of a set of crystals, about


class SymmetryFunctions:
    """Symmetry functions for crystals of some elements.

    Radial functions have a channel for each element of the neighbour, angular ones for each
    unordered pair of elements of the neighbours; pooling per species adds the centre's element.

    :param elements: atomic numbers, ascending; crystals may have no others.
    :param periodic: whether cells repeat; otherwise these are clusters and cells only give units.
    :raises ValueError: if the elements are not ascending.
    """

    def __init__(
        self, settings: AcsfSettings, elements: tuple[int, ...], *, periodic: bool = True
    ) -> None:
        if not elements or list(elements) != sorted(set(elements)):
            raise ValueError(f'the elements are {elements}; give atomic numbers, ascending')
        self.settings = settings
        self.elements = tuple(elements)
        self.periodic = periodic
        self.terms = Terms(settings.angular_lambda, settings.angular_zeta, len(elements))
        self.names = tuple(self._names())

    @property
    def number(self) -> int:
        """Number of pooled features."""
        return len(self.names)

    def __call__(
        self,
        lattices: Float[Tensor, 'crystals 3 3'],
        fractional: Float[Tensor, 'atoms 3'],
        numbers: Int[Tensor, ' atoms'],
        counts: Int[Tensor, ' crystals'],
    ) -> Float[Tensor, 'crystals features']:
        """Return the pooled symmetry functions of each crystal.

        :param lattices: lattice vectors as rows, in Å.
        :param fractional: coordinates of all atoms, crystal after crystal.
        :param numbers: atomic numbers of all atoms.
        :param counts: number of atoms of each crystal.
        :raises ValueError: if an element is unknown, a number not finite, or a cell too small.
        """
        species, order = self._ordered(numbers, counts)
        values = self._values(lattices, fractional[order], species[order], counts)
        if self.settings.per_species:
            crystals = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
            kinds = len(self.elements)
            members = torch.bincount(crystals * kinds + species, minlength=len(counts) * kinds)
        else:
            kinds, members = 1, counts
        parts = pooled(values, members, self.settings.pooling, self.settings.quantiles)
        return parts.unflatten(0, (len(counts), kinds)).transpose(1, 2).flatten(1)

    def of_atoms(
        self,
        lattices: Float[Tensor, 'crystals 3 3'],
        fractional: Float[Tensor, 'atoms 3'],
        numbers: Int[Tensor, ' atoms'],
        counts: Int[Tensor, ' crystals'],
    ) -> Float[Tensor, 'atoms functions']:
        """Return the symmetry functions of each atom; the parameters are those of a call.

        :raises ValueError: if an element is unknown, a number not finite, or a cell too small.
        """
        species, order = self._ordered(numbers, counts)
        values = self._values(lattices, fractional[order], species[order], counts)
        return values[torch.argsort(order)]

    def _ordered(
        self, numbers: Int[Tensor, ' atoms'], counts: Int[Tensor, ' crystals']
    ) -> tuple[Int[Tensor, ' atoms'], Int[Tensor, ' atoms']]:
        """Return the place of each atom's element, and the atoms ordered by it in each crystal.

        :raises ValueError: if an element is unknown.
        """
        known = torch.tensor(self.elements, device=numbers.device)
        species = torch.searchsorted(known, numbers).clamp_(max=len(known) - 1)
        strange = known[species] != numbers
        if bool(strange.any()):
            number = int(numbers[strange.nonzero()[0, 0]])
            raise ValueError(
                f'an atom has atomic number {number}, but these symmetry functions are for '
                f'{", ".join(chemical_symbols[one] for one in self.elements)} alone'
            )
        crystals = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
        return species, torch.argsort(crystals * len(known) + species, stable=True)

    def _values(
        self,
        lattices: Float[Tensor, 'crystals 3 3'],
        fractional: Float[Tensor, 'atoms 3'],
        species: Int[Tensor, ' atoms'],
        counts: Int[Tensor, ' crystals'],
    ) -> Float[Tensor, 'atoms functions']:
        """Return the symmetry functions of atoms that are ordered by species in each crystal."""
        settings, kinds = self.settings, len(self.elements)
        edges = find_edges(lattices, fractional, counts, settings.cutoff, periodic=self.periodic)
        vectors = edge_vectors(lattices, fractional, counts, edges)
        distances = (vectors * vectors).sum(1).clamp(min=_SHORTEST**2).sqrt()
        others = species[edges.neighbors]
        slots = padded_segments(edges.centres * kinds + others)
        functions = _grid(distances, settings.radial_eta, settings.radial_shift)
        weights = _cutoff(distances, settings.cutoff)
        radial = RadialSums.apply(distances, weights, slots, functions, len(species) * kinds)
        radial = radial.unflatten(0, (len(species), kinds)).flatten(1)
        if not settings.has_angular:
            return radial
        near = (distances.detach() < settings.angular_cutoff).nonzero()[:, 0]
        angular = self._angular(
            vectors[near], distances[near], others[near], edges.centres[near], len(species)
        )
        return torch.cat([radial, angular], dim=1)

    def _angular(
        self,
        vectors: Float[Tensor, 'edges 3'],
        distances: Float[Tensor, ' edges'],
        others: Int[Tensor, ' edges'],
        centres: Int[Tensor, ' edges'],
        atoms: int,
    ) -> Float[Tensor, 'atoms functions']:
        """Return the angular functions of each atom.

        :param others: place of the neighbour's element.
        """
        settings, kinds = self.settings, len(self.elements)
        etas, shifts = _grid(distances, settings.angular_eta, settings.angular_shift)
        gaussians = torch.exp(-etas * (distances[:, None] - shifts) ** 2)
        weights = gaussians * _cutoff(distances, settings.angular_cutoff)[:, None]
        channels = torch.nn.functional.one_hot(others, kinds).to(weights.dtype)
        shares = channels[:, :, None] * weights[:, None]
        directions = vectors / distances[:, None]
        slots = padded_segments(centres)
        return AngularSums.apply(directions, shares, slots, self.terms, atoms).flatten(1)

    def _names(self) -> Iterator[str]:
        """Yield the name of each pooled feature."""
        settings = self.settings
        symbols = [chemical_symbols[number] for number in self.elements]
        poolings: list[str] = [*settings.pooling]
        poolings += [
            f'share {one + 1} of {settings.quantiles}' for one in range(settings.quantiles)
        ]
        centres = [f' {symbol}' for symbol in symbols] if settings.per_species else ['']
        functions = [
            f'G2({symbol}; η {eta:g}, shift {shift:g})'
            for symbol, eta, shift in product(symbols, settings.radial_eta, settings.radial_shift)
        ]
        functions += [
            f'G5({symbols[one]}, {symbols[two]}; λ {lam:g}, ζ {zeta}, η {eta:g}, shift {shift:g})'
            for (one, two), lam, zeta, eta, shift in product(
                self.terms.pairs,
                settings.angular_lambda,
                settings.angular_zeta,
                settings.angular_eta,
                settings.angular_shift,
            )
        ]
        for pooling, centre, function in product(poolings, centres, functions):
            yield f'{pooling}{centre} {function}'


def symmetry_functions(
    crystals: CrystalSet, settings: AcsfSettings, elements: tuple[int, ...]
) -> Float[np.ndarray, 'crystals features']:
    """Return the pooled symmetry functions of each crystal of a set, worked on in blocks.

    The result for a crystal does not depend on the others, to the bit.

    :param elements: atomic numbers, ascending.
    :raises ValueError: if an element is unknown, or a cell has no volume or too many images.
    """
    functions = SymmetryFunctions(settings, elements, periodic=crystals.periodic)
    lattices = torch.tensor(crystals.lattices, dtype=torch.float64)
    translation_windows(lattices, settings.cutoff, periodic=crystals.periodic)
    result = np.empty((len(crystals), functions.number))
    with torch.no_grad():
        for rows in _parts(crystals, settings.cutoff):
            part = crystals.select(rows)
            values = functions(
                lattices[rows],
                torch.tensor(part.fractional_coordinates, dtype=torch.float64),
                torch.tensor(part.atomic_numbers, dtype=torch.int64),
                torch.tensor(part.counts, dtype=torch.int64),
            )
            result[rows] = values.numpy()
    return result


def _parts(crystals: CrystalSet, cutoff: float) -> Iterator[Int[np.ndarray, ' rows']]:
    """Yield the rows in parts with about as many edges as fit."""
    edges = crystals.counts.astype(np.float64) ** 2
    if crystals.periodic:
        edges *= 4 / 3 * math.pi * cutoff**3 / crystals.volumes
    parts = np.floor(edges.cumsum() / _EDGES_AT_ONCE)
    for part in np.unique(parts):
        yield np.flatnonzero(parts == part)


def _grid(
    like: Tensor, etas: tuple[float, ...], shifts: tuple[float, ...]
) -> Float[Tensor, '2 functions']:
    """Return η and shift of every combination, of the type and on the device of a tensor."""
    return torch.tensor(list(product(etas, shifts)), dtype=like.dtype, device=like.device).T


def _cutoff(distances: Float[Tensor, ' edges'], cutoff: float) -> Float[Tensor, ' edges']:
    """Return a cosine that falls smoothly from one to zero at the cut-off."""
    return 0.5 * torch.cos(math.pi * distances.clamp(max=cutoff) / cutoff) + 0.5

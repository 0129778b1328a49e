"""Cells in units of what is usual for their elements and their crystal system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.multigraph.layout import Layout
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates, SymmetricCrystals
from aiida_crystalgen.science.symmetry.cell_parameters import (
    CELL_PARAMETERS,
    cell_lattices,
    cell_parameters,
    is_free,
    is_logarithm,
)
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('CellScaling', 'crystal_systems')

_ELEMENTS = 118
_SYSTEM_BOUNDS = np.array([3, 16, 75, 143, 195])  # first groups after triclinic, monoclinic, …
_SYSTEMS = 6  # the hexagonal family as one
_PRIOR_SPREAD = 0.2  # of the logarithm of an edge, as one more crystal of each system says it


def crystal_systems(groups: Int[np.ndarray, ' crystals']) -> Int[np.ndarray, ' crystals']:
    """Return the crystal system of each space group, the hexagonal family as one."""
    return np.searchsorted(_SYSTEM_BOUNDS, groups, side='right')


@dataclass(frozen=True)
class CellScaling:
    """What cells are expected to be, and how much they differ from it.

    :param volumes: what each element adds to the logarithm of the volume per atom, in ln Å³.
    :param means: of the parameters of the cells of each crystal system, in a cell of volume 1.
    :param spreads: matrices from standard coordinates to deviations from the means.
    """

    volumes: Float[np.ndarray, ' elements']
    means: Float[np.ndarray, 'systems 6']
    spreads: Float[np.ndarray, 'systems 6 6']

    @classmethod
    def fit(cls, crystals: SymmetricCrystals, ridge: float) -> CellScaling:
        """Return the scaling of the crystals.

        :param ridge: strength of the regularization of the volumes, in crystals.
        """
        templates = crystals.templates
        fractions = _fractions(templates)
        atoms = templates.atom_counts * wyckoff_table().centrings[templates.space_groups]
        targets = np.log(np.abs(np.linalg.det(crystals.lattices)) / atoms)
        mean = targets.mean()
        squares = fractions.T @ fractions + ridge * np.eye(_ELEMENTS)
        volumes = mean + np.linalg.solve(squares, fractions.T @ (targets - mean))
        groups = torch.from_numpy(templates.space_groups)
        numbers = cell_parameters(torch.from_numpy(crystals.lattices), groups).numpy()
        edges = (fractions @ volumes + np.log(atoms)) / 3
        numbers = numbers - is_logarithm(groups).numpy() * edges[:, None]
        means = np.zeros((_SYSTEMS, CELL_PARAMETERS))
        spreads = np.zeros((_SYSTEMS, CELL_PARAMETERS, CELL_PARAMETERS))
        systems = crystal_systems(templates.space_groups)
        prior = _PRIOR_SPREAD**2 * np.eye(CELL_PARAMETERS)
        for system in range(_SYSTEMS):
            own = numbers[systems == system]
            means[system] = own.sum(axis=0) / (len(own) + 1)
            deviations = own - means[system]
            squares = deviations.T @ deviations + prior
            spreads[system] = np.linalg.cholesky(squares / (len(own) + 1))
        return cls(volumes, means, spreads)

    def edges(self, templates: SiteTemplates) -> Float[np.ndarray, ' crystals']:
        """Return the expected edge of a cube with the volume of each conventional cell, in ln Å."""
        atoms = templates.atom_counts * wyckoff_table().centrings[templates.space_groups]
        return (_fractions(templates) @ self.volumes + np.log(atoms)) / 3

    def coordinates(
        self,
        lattices: Float[Tensor, 'crystals 3 3'],
        edges: Float[Tensor, ' crystals'],
        layout: Layout,
    ) -> Float[Tensor, 'crystals 6']:
        """Return the standard coordinates of cells, 0 where a crystal system has no parameter.

        :param edges: what ``edges`` returns.
        """
        means, spreads = self._of_systems(layout.groups)
        numbers = cell_parameters(lattices, layout.groups)
        numbers = numbers - is_logarithm(layout.groups) * edges[:, None] - means
        solved = torch.linalg.solve_triangular(spreads, numbers[:, :, None], upper=False)[:, :, 0]
        return solved * is_free(layout.groups)

    def lattices(
        self,
        coordinates: Float[Tensor, 'crystals 6'],
        edges: Float[Tensor, ' crystals'],
        layout: Layout,
    ) -> Float[Tensor, 'crystals 3 3']:
        """Return the conventional cells of standard coordinates, in Å.

        :param edges: what the method ``edges`` returns.
        """
        means, spreads = self._of_systems(layout.groups)
        numbers = (spreads * coordinates[:, None]).sum(dim=2) + means
        numbers = numbers + is_logarithm(layout.groups) * edges[:, None]
        return cell_lattices(numbers, layout.groups)

    def derivatives(
        self, derivatives: Float[Tensor, 'items 6'], groups: Int[Tensor, ' items']
    ) -> Float[Tensor, 'items 6']:
        """Return derivatives by cell parameters as those by standard coordinates.

        :param groups: space group of each item.
        """
        spreads = self._of_systems(groups)[1].to(derivatives.dtype)
        return (derivatives[:, :, None] * spreads).sum(dim=1) * is_free(groups)

    def _of_systems(
        self, groups: Int[Tensor, ' crystals']
    ) -> tuple[Float[Tensor, 'crystals 6'], Float[Tensor, 'crystals 6 6']]:
        """Return means and spreads of the systems of space groups."""
        systems = torch.from_numpy(crystal_systems(groups.cpu().numpy()))
        means = torch.from_numpy(self.means)[systems].to(groups.device)
        return means, torch.from_numpy(self.spreads)[systems].to(groups.device)

    def to_weights(self) -> dict[str, np.ndarray]:
        """Return the arrays that a checkpoint keeps."""
        return {
            'scaling.volumes': self.volumes,
            'scaling.means': self.means,
            'scaling.spreads': self.spreads,
        }

    @classmethod
    def from_weights(cls, weights: Mapping[str, np.ndarray]) -> CellScaling:
        """Return the scaling that a checkpoint keeps."""
        return cls(
            *(np.array(weights[f'scaling.{name}']) for name in ('volumes', 'means', 'spreads'))
        )


def _fractions(templates: SiteTemplates) -> Float[np.ndarray, 'crystals elements']:
    """Return the share of each element in the atoms of each crystal."""
    result = np.zeros((len(templates), _ELEMENTS))
    np.add.at(
        result,
        (templates.crystal_of_orbit, templates.atomic_numbers - 1),
        templates.multiplicities,
    )
    return result / templates.atom_counts[:, None]

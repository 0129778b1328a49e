"""Crystals from replicas themselves: their radial distribution functions are reconstructed."""

from __future__ import annotations

from typing import Literal

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Float, Int
from pydantic import Field, model_validator

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.differentiable_rdf import RadialDistribution
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.reconstruction import (
    ReconstructionSettings,
    Targets,
    reconstruct,
)
from aiida_crystalgen.science.screening.validity import ValiditySettings, invalid_reasons
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.symmetry.random_numbers import fold, root_key, uniform

__all__ = ('RdfVaeProposing', 'reconstruct_replicas')

_PURPOSE = 8  # tells these random numbers from others of the same seed


class RdfVaeProposing(Settings):
    """How crystals are proposed.

    :param route: 'screening' compares random symmetric crystals with the replicas;
        'reconstruction' seeks crystals that have the replicas' radial distribution functions.
    :param broadening: standard deviation in Å by which these are smeared further before they are
        sought: narrow peaks far from each other have no gradient towards one another.
    :param reconstruction: of the search; neither it nor ``broadening`` is used in screening.
    """

    route: Literal['screening', 'reconstruction']
    broadening: float | None = Field(default=None, ge=0)
    reconstruction: ReconstructionSettings | None = None

    @model_validator(mode='after')
    def _is_complete(self) -> RdfVaeProposing:
        if self.route == 'reconstruction' and None in (self.broadening, self.reconstruction):
            raise ValueError("the route 'reconstruction' needs 'broadening' and 'reconstruction'")
        return self


def reconstruct_replicas(
    replicas: Float[np.ndarray, 'replicas points'],
    rdf: RdfSettings,
    request: Request,
    rows: Int[np.ndarray, ' rows'],
    *,
    seed: int,
    progress: Progress,
) -> CrystalSet:
    """Return these rows of crystals that come as near as may be to replicas chosen at random.

    Columns are those of ``reconstruct`` and ``sought_replica``, the number of the replica.
    Cells may be conventional or primitive, whatever the request says.

    :param rdf: of the replicas.
    :param request: its ``proposing`` holds the settings of `RdfVaeProposing`.
    :raises ValueError: if clusters are asked for, or no space group allowed holds the composition.
    """
    proposing = RdfVaeProposing.parse(request.proposing, 'proposing')
    if not request.periodic or proposing.reconstruction is None:
        raise ValueError('replicas of radial distribution functions become crystals, no clusters')
    keys = fold(root_key(seed, _PURPOSE), rows)
    draws = uniform(keys[:, None], np.arange(3))
    chosen = (draws[:, 0] * len(replicas)).astype(np.int64)
    units = np.array(request.formula_units)[rows % len(request.formula_units)]
    formula = [atomic_numbers[one] for one, many in request.amounts.items() for _ in range(many)]
    counts = units * len(formula)
    spread = 1 + request.volume_tolerance * (2 * draws[:, 1] - 1)
    broadening = proposing.broadening or 0.0
    targets = Targets(
        _smeared(replicas[chosen], rdf, broadening),
        np.tile(formula, int(units.sum())),
        counts,
        volumes=request.volume * counts * spread,
        space_groups=_space_groups(request, draws[:, 2]),
        rows=rows,
    )
    width = float(np.hypot(rdf.width, broadening))
    wanted = RadialDistribution(rdf.model_copy(update={'width': width}))
    found = reconstruct(targets, wanted, proposing.reconstruction, seed=seed, progress=progress)
    return _checked(found, request).with_columns(sought_replica=chosen)


def _space_groups(
    request: Request, draws: Float[np.ndarray, ' rows']
) -> Int[np.ndarray, ' rows'] | None:
    """Return a space group for each row, or None if all are allowed."""
    if request.space_groups is None:
        return None
    groups = np.array(request.space_groups)
    return groups[(draws * len(groups)).astype(np.int64)]


def _smeared(
    tables: Float[np.ndarray, 'rows points'], rdf: RdfSettings, broadening: float
) -> Float[np.ndarray, 'rows points']:
    """Return tables smeared by a Gaussian; of what is beyond the cut-off nothing is known."""
    if broadening == 0:
        return tables
    steps = (rdf.radii[:, None] - rdf.radii) / broadening
    weights = np.exp(-(steps**2) / 2) * rdf.spacing / (broadening * np.sqrt(2 * np.pi))
    return np.einsum('rp,qp->rq', tables, weights)


def _checked(crystals: CrystalSet, request: Request) -> CrystalSet:
    """Return the crystals with a reason to reject those whose atoms overlap."""
    volume, tolerance = request.volume, request.volume_tolerance + 1e-6
    limits = ValiditySettings(
        distances=request.distances,
        smallest_volume=volume * (1 - tolerance),
        largest_volume=volume * (1 + tolerance),
    )
    reasons = invalid_reasons(crystals, limits)
    given = crystals['rejection']
    return crystals.with_columns(rejection=np.where(given == '', reasons, given).astype(np.str_))

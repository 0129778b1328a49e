"""Templates with other elements on their sites, as crystals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.fingerprints.sites import Sites
from aiida_crystalgen.science.generators.site_network.assignments import surjections
from aiida_crystalgen.science.generators.site_network.model import SiteModel
from aiida_crystalgen.science.generators.site_network.ranking import Candidates
from aiida_crystalgen.science.generators.site_network.templates import Templates

__all__ = ('TemplateCrystals', 'substituted')


@dataclass(frozen=True)
class TemplateCrystals:
    """Templates with all that is needed to make crystals of them.

    :param crystals: with their original elements.
    :param sites: of the crystals.
    :param distances: from each atom to its nearest neighbour, in Å.
    :param table: of likelihoods.
    """

    crystals: CrystalSet
    sites: Sites
    distances: Float[np.ndarray, ' atoms']
    table: Templates

    def of_space_groups(self, wanted: Sequence[int]) -> TemplateCrystals:
        """Return the same with no room in templates of other space groups.

        :raises ValueError: if no template is left.
        """
        allowed = np.isin(self.sites.space_groups, wanted)
        if not allowed.any():
            raise ValueError(
                f'none of {len(allowed)} templates has one of the space groups {sorted(wanted)}'
            )
        return replace(self, table=replace(self.table, allowed=allowed))


def substituted(
    templates: TemplateCrystals,
    candidates: Candidates,
    elements: Int[np.ndarray, 'candidates elements'],
    model: SiteModel,
) -> CrystalSet:
    """Return the candidates as crystals of the volume that the model expects.

    :param elements: atomic numbers that the assignment of each candidate refers to.
    """
    crystals = templates.crystals.select(candidates.templates)
    numbers = np.concatenate(
        [
            _numbers(templates, int(template), int(assignment), chosen)
            for template, assignment, chosen in zip(
                candidates.templates, candidates.assignments, elements, strict=True
            )
        ]
    )
    crystals = replace(crystals.without_columns(), atomic_numbers=numbers, metadata={})
    bounds = templates.crystals.offsets
    distances = np.concatenate(
        [templates.distances[bounds[row] : bounds[row + 1]] for row in candidates.templates]
    )
    volumes = model.volumes.predict(crystals, distances)
    factors = np.cbrt(volumes * crystals.counts / crystals.volumes)
    return replace(crystals, lattices=crystals.lattices * factors[:, None, None]).with_columns(
        template=Column(_labels(templates.crystals)[candidates.templates]),
        template_row=Column(candidates.templates),
        log_likelihood=Column(candidates.scores.astype(np.float64)),
        requested_space_group=Column(templates.sites.space_groups[candidates.templates]),
        rejection=Column(np.full(len(candidates), '', dtype='<U1')),
    )


def _labels(templates: CrystalSet) -> np.ndarray:
    """Return the names of templates; those without a label are called by their formulas."""
    return templates['label'] if 'label' in templates else reduced_formulas(templates)


def _numbers(
    templates: TemplateCrystals, template: int, assignment: int, elements: Int[np.ndarray, ' k']
) -> Int[np.ndarray, ' atoms']:
    """Return the atomic numbers of one candidate."""
    table = templates.table
    first, last = int(table.bounds[template]), int(table.bounds[template + 1])
    order = np.argsort(table.multiplicities[first:last], kind='stable')
    on_site = np.empty(last - first, dtype=np.int64)
    on_site[order] = elements[surjections(last - first, len(elements))[assignment]]
    atoms = templates.crystals.atoms(template)
    return on_site[templates.sites.orbits[atoms] - first]

"""Crystals with what most measures need to know of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.composition import are_plausible_compositions
from aiida_crystalgen.science.metrics.coverage import Fingerprints
from aiida_crystalgen.science.metrics.fingerprints.activations import (
    GraphNetwork,
    activation_fingerprints,
)
from aiida_crystalgen.science.metrics.fingerprints.crystal_nn import structure_fingerprints
from aiida_crystalgen.science.metrics.fingerprints.magpie import (
    CompositionScale,
    composition_fingerprints,
)
from aiida_crystalgen.science.metrics.settings import EvaluationSettings
from aiida_crystalgen.science.metrics.validity import are_valid_structures
from aiida_crystalgen.science.progress import Progress

__all__ = ('DescribedCrystals',)


@dataclass(frozen=True)
class DescribedCrystals:
    """Crystals and what most measures need to know of them.

    :param structure: which structures are valid.
    :param composition: which compositions are plausible.
    :param fingerprints: of all crystals.
    :param activations: their activation fingerprints, NaN where there is none; None if no network
        has looked at the crystals.
    """

    crystals: CrystalSet
    structure: Bool[np.ndarray, ' crystals']
    composition: Bool[np.ndarray, ' crystals']
    fingerprints: Fingerprints
    activations: Float[np.ndarray, 'crystals activations'] | None

    @classmethod
    def of(
        cls,
        crystals: CrystalSet,
        settings: EvaluationSettings,
        *,
        scale: CompositionScale,
        network: GraphNetwork | None,
        progress: Progress,
    ) -> DescribedCrystals:
        """Return the description of some crystals.

        :param scale: by which composition fingerprints are standardised.
        :param network: whose activations are looked at, None for none.
        """
        fingerprints = Fingerprints(
            structure_fingerprints(crystals, progress=progress),
            composition_fingerprints(crystals, scale),
        )
        return cls(
            crystals=crystals,
            structure=are_valid_structures(crystals, settings.structure) & fingerprints.exist,
            composition=are_plausible_compositions(crystals),
            fingerprints=fingerprints,
            activations=None
            if network is None
            else activation_fingerprints(crystals, network, progress=progress),
        )

    @property
    def valid(self) -> Bool[np.ndarray, ' crystals']:
        """Which crystals are valid in every respect."""
        return self.structure & self.composition

    def select(self, rows: Int[np.ndarray, ' rows']) -> DescribedCrystals:
        """Return the description of some of the crystals."""
        return DescribedCrystals(
            self.crystals.select(rows),
            self.structure[rows],
            self.composition[rows],
            self.fingerprints.select(rows),
            None if self.activations is None else self.activations[rows],
        )

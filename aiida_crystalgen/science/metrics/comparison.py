"""Measures of how alike generated crystals and references are."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from aiida_crystalgen.science.metrics.coverage import coverage
from aiida_crystalgen.science.metrics.description import DescribedCrystals
from aiida_crystalgen.science.metrics.distributions import (
    densities,
    diversity,
    element_counts,
    frechet_distance,
    wasserstein,
)
from aiida_crystalgen.science.metrics.settings import EvaluationSettings

__all__ = ('compare',)


def compare(
    tested: DescribedCrystals,
    known: DescribedCrystals,
    settings: EvaluationSettings,
    *,
    seed: int,
) -> dict[str, float]:
    """Return the measures that need nothing but the crystals and the references.

    :param tested: the crystals that are judged.
    :param known: the references.
    :param seed: of the samples.
    :raises ValueError: if no reference has a fingerprint.
    """
    covered = coverage(tested.fingerprints, known.fingerprints, settings.coverage)
    result = {
        'valid_structure': float(tested.structure.mean()),
        'plausible_composition': float(tested.composition.mean()),
        'valid': float(tested.valid.mean()),
        'recall': covered.recall,
        'precision': covered.precision,
    }
    random = np.random.default_rng(seed)
    structures = _sample(tested, tested.structure, settings, random)
    if len(structures.crystals) > 1:
        sampled = coverage(structures.fingerprints, known.fingerprints, settings.coverage)
        result['sample_recall'] = sampled.recall
        result['sample_precision'] = sampled.precision
        real = known.fingerprints.structure[known.fingerprints.exist]
        result['frechet_distance'] = frechet_distance(structures.fingerprints.structure, real)
        result.update(_activations(structures, known))
    valid = _sample(tested, tested.valid, settings, random)
    if len(valid.crystals) > 1:
        result.update(_distances(valid, known))
    return result


def _sample(
    tested: DescribedCrystals,
    eligible: Bool[np.ndarray, ' crystals'],
    settings: EvaluationSettings,
    random: np.random.Generator,
) -> DescribedCrystals:
    """Return a sample of the eligible crystals, or all if there are fewer."""
    rows = np.flatnonzero(eligible)
    size = min(settings.sample, len(rows))
    return tested.select(np.sort(random.choice(rows, size, replace=False)))


def _activations(structures: DescribedCrystals, known: DescribedCrystals) -> dict[str, float]:
    """Return how differently a network sees crystals and references, and how many it can see."""
    if structures.activations is None or known.activations is None:
        return {}
    seen, real = (
        one[~np.isnan(one).any(axis=1)] for one in (structures.activations, known.activations)
    )
    result = {'activated': len(seen) / len(structures.crystals)}
    if min(len(seen), len(real)) > 1:
        result['activation_frechet_distance'] = frechet_distance(seen, real)
    return result


def _distances(valid: DescribedCrystals, known: DescribedCrystals) -> dict[str, float]:
    """Return how differently crystals and references are distributed."""
    first, second = valid.crystals, known.crystals
    result = {
        'density_distance': wasserstein(densities(first), densities(second)),
        'element_count_distance': wasserstein(element_counts(first), element_counts(second)),
        'structure_diversity': diversity(valid.fingerprints.structure),
        'composition_diversity': diversity(valid.fingerprints.composition),
    }
    # Energies of different engines are not comparable.
    engines = [one.metadata.get('engine') for one in (first, second)]
    if 'energy' in first and 'energy' in second and engines[0] == engines[1]:
        result['energy_distance'] = wasserstein(first['energy'], second['energy'])
    return result

"""How good a set of generated crystals is, beside as many real ones.

The measures are those of CDVAE (Xie et al., ICLR 2022, arXiv:2110.06197) and of Sultanov et al.
2023 (arXiv:2310.10695). Both use coverage, but not alike: CDVAE counts every generated crystal, so
that failures lower the precision; Sultanov et al. draw a sample of the crystals with valid
structures first. Figures of the one are not to be compared with those of the other. Real crystals
put through the same measures show how good a figure can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.comparison import compare
from aiida_crystalgen.science.metrics.description import DescribedCrystals
from aiida_crystalgen.science.metrics.fingerprints.activations import load_network
from aiida_crystalgen.science.metrics.fingerprints.magpie import CompositionScale
from aiida_crystalgen.science.metrics.matching import match_predictions
from aiida_crystalgen.science.metrics.retention import have_kept_groups
from aiida_crystalgen.science.metrics.settings import EvaluationSettings
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.screening.duplicates import group_duplicates, match_references
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.science.symmetry.analysis import space_groups

__all__ = ('Evaluation', 'evaluate')


@dataclass(frozen=True)
class Evaluation:
    """The measures of generated crystals and those of real ones.

    Shares are of all crystals of the set unless said. Distances of distributions are those of a
    sample of valid crystals from all references; what does not apply is left out.

    ``valid_structure``, ``plausible_composition``, ``valid`` (both) are shares. ``recall`` and
    ``precision`` are CDVAE's coverage, ``sample_recall`` and ``sample_precision`` that of Sultanov
    et al., of a sample of valid structures. ``frechet_distance`` compares structure fingerprints of
    that sample (squared, as published), ``activation_frechet_distance`` the activations of a graph
    network for the share ``activated`` of it: elements that the network does not know, and cells
    without room, have none. ``density_distance`` (g/cm³), ``element_count_distance``
    and ``energy_distance`` (eV/atom) are Wasserstein-1 distances of a sample of valid crystals;
    ``structure_diversity`` and ``composition_diversity`` are mean distances of fingerprints within
    it. ``unique``, and ``novel`` among the unique, are shares of the valid structures.
    ``space_group_equal`` and ``space_group_kept`` (supergroups included) are shares of the valid
    structures that were asked for with a space group. ``match_rate`` is the share of the references
    asked for that were predicted, ``match_displacement`` how nearly, in units of (V/n)^(1/3).

    :param generated: measures of the generated crystals.
    :param real: measures of real crystals.
    :param numbers: of the crystals in each set.
    :param real_source: where the real crystals are from: 'training', or 'references', which are
        then compared with the other references.
    """

    generated: Mapping[str, float]
    real: Mapping[str, float]
    numbers: Mapping[str, int]
    real_source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as JSON."""
        return asdict(self)


def evaluate(
    generated: CrystalSet,
    reference: CrystalSet,
    training: CrystalSet | None,
    settings: EvaluationSettings,
    *,
    seed: int,
    progress: Progress = silent,
) -> Evaluation:
    """Return how good generated crystals are.

    Their column ``requested_space_group`` says which space group each was asked for with, and
    ``target`` which reference each is a prediction of, if they have these columns.

    :param reference: real crystals that the model never saw, to compare with.
    :param training: crystals that the model was trained on; novelty is judged by them.
    :param seed: of the samples.
    :raises ValueError: if a set is too small, its crystals are none, or there is no such network.
    """
    _check(generated, reference, training)
    real, left = _real_crystals(reference, training, settings, seed)
    scale = CompositionScale.of(reference, settings.coverage.smallest_deviation)
    network = None if settings.activations is None else load_network(settings.activations)
    known, tested, genuine = (
        DescribedCrystals.of(one, settings, scale=scale, network=network, progress=progress)
        for one in (reference, generated, real)
    )
    measures = compare(tested, known, settings, seed=derive_seed(seed, 'generated'))
    measures.update(_uniqueness(tested, training, settings))
    measures.update(_retention(tested, settings))
    measures.update(_matches(tested, reference, settings, progress))
    numbers = {
        'generated': len(generated),
        'valid': int(tested.valid.sum()),
        'reference': len(reference),
        'real': len(real),
        **({} if training is None else {'training': len(training)}),
    }
    return Evaluation(
        generated=measures,
        real=compare(genuine, known.select(left), settings, seed=derive_seed(seed, 'real')),
        numbers=numbers,
        real_source='references' if training is None else 'training',
    )


def _check(generated: CrystalSet, reference: CrystalSet, training: CrystalSet | None) -> None:
    """Raise unless these sets can be compared.

    :raises ValueError: naming the set.
    """
    sets = {'generated': generated, 'reference': reference, 'training': training}
    for name, crystals in sets.items():
        if crystals is not None and not crystals.periodic:
            raise ValueError(f'the {name} set holds clusters; only crystals can be evaluated')
        # Of two references one is compared with the other.
        least = 4 if name == 'reference' and training is None else 2
        if crystals is not None and len(crystals) < least:
            raise ValueError(
                f'the {name} set holds {len(crystals)} crystals; an evaluation needs {least}'
            )


def _real_crystals(
    reference: CrystalSet, training: CrystalSet | None, settings: EvaluationSettings, seed: int
) -> tuple[CrystalSet, Int[np.ndarray, ' rows']]:
    """Return real crystals to evaluate, and the rows of the references to compare them with.

    They are drawn from the training set, or are at most half of the references.
    """
    random = np.random.default_rng(derive_seed(seed, 'choice'))
    every = np.arange(len(reference))
    if training is None:
        rows = random.choice(every, min(settings.sample, len(reference) // 2), replace=False)
        return reference.select(np.sort(rows)), np.setdiff1d(every, rows)
    rows = random.choice(len(training), min(settings.sample, len(training)), replace=False)
    return training.select(np.sort(rows)), every


def _uniqueness(
    tested: DescribedCrystals, training: CrystalSet | None, settings: EvaluationSettings
) -> dict[str, float]:
    """Return the share of distinct crystals among the valid ones, and of new ones among those."""
    valid = tested.crystals.select(tested.structure).without_columns()
    if not len(valid):
        return {}
    distinct = group_duplicates(valid, settings.duplicates) == np.arange(len(valid))
    result = {'unique': float(distinct.mean())}
    if training is not None:
        some = valid.select(distinct)
        rivals = training.select(np.isin(reduced_formulas(training), reduced_formulas(some)))
        new = (
            match_references(some, rivals.without_columns(), settings.duplicates) < 0
            if len(rivals)
            else np.ones(len(some), dtype=bool)
        )
        result['novel'] = float(new.mean())
    return result


def _retention(tested: DescribedCrystals, settings: EvaluationSettings) -> dict[str, float]:
    """Return the share of valid structures with the space group that they were asked for with."""
    if 'requested_space_group' not in tested.crystals:
        return {}
    asked = tested.structure & (tested.crystals['requested_space_group'] > 0)
    if not asked.any():
        return {}
    some = tested.crystals.select(asked)
    found = space_groups(some, settings.symmetry_tolerance)
    requested = some['requested_space_group']
    return {
        'space_group_equal': float((found == requested).mean()),
        'space_group_kept': float(have_kept_groups(requested, found).mean()),
    }


def _matches(
    tested: DescribedCrystals,
    reference: CrystalSet,
    settings: EvaluationSettings,
    progress: Progress,
) -> dict[str, float]:
    """Return how many of the references asked for were predicted, and how nearly."""
    if 'target' not in tested.crystals:
        return {}
    targets, wanted = np.unique(tested.crystals['target'], return_inverse=True)
    matches = match_predictions(
        tested.crystals,
        reference.select(targets),
        settings.matching,
        wanted=wanted.reshape(-1),
        valid=tested.structure,
        progress=progress,
    )
    result = {'match_rate': matches.rate}
    if matches.rate > 0:
        result['match_displacement'] = matches.mean_displacement
    return result

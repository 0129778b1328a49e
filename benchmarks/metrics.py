"""Fingerprints and metrics of 1000 crystals against a loop over the libraries, crystal by crystal.

The loop is that of CDVAE's script ``compute_metrics.py`` (Xie et al., ICLR 2022): matminer's
CrystalNN and Magpie fingerprints and pymatgen's distance matrix for one structure after another.
The crystals are those of ``../shared/data`` where it is present, prototypes otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.metrics.coverage import Fingerprints
    from aiida_crystalgen.science.metrics.fingerprints.magpie import CompositionScale
    from aiida_crystalgen.science.metrics.settings import EvaluationSettings

__all__ = ('CLAIMS',)

_TABLE = Path(__file__).parents[2] / 'shared' / 'data' / 'mp_le20.parquet'
_NUMBER = 1000
_SHARE = 25  # the loop takes every so many-th
_GOAL = 5


def _measure_metrics(context: Context) -> list[Measurement]:
    """Return our rate beside that of the loop."""
    from aiida_crystalgen.science.metrics.fingerprints.magpie import CompositionScale
    from aiida_crystalgen.science.metrics.settings import EvaluationSettings
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    crystals, source = _crystals()
    settings = EvaluationSettings.parse(protocol_inputs('evaluate', 'balanced'))
    scale = CompositionScale.of(crystals, settings.coverage.smallest_deviation)
    reference = _fingerprints(crystals, scale)
    featurizers = _featurizers(context)

    def ours() -> None:
        _metrics(crystals, _fingerprints(crystals, scale), reference, settings)

    def loop() -> None:
        _loop(crystals, range(0, len(crystals), _SHARE), featurizers)

    seconds, looped = context.alternate(ours, loop if featurizers else None, repeats=3)
    assert seconds is not None
    peer = None if looped is None else looped * len(crystals) / len(range(0, len(crystals), _SHARE))
    note = (
        f'{len(crystals)} {source}, {crystals.counts.mean():.1f} atoms on average; the loop over '
        f'matminer took every {_SHARE}th, and neither SMACT nor any distances of sets'
    )
    if featurizers is None:
        note = f'{len(crystals)} {source}; matminer is missing'
    return [Measurement.of_rates(len(crystals), seconds, peer, goal=_GOAL, note=note)]


def _crystals() -> tuple[CrystalSet, str]:
    """Return crystals, and what they are."""
    if not _TABLE.exists():
        import numpy as np

        from aiida_crystalgen.science.generators.site_network.library import prototype_templates

        templates = prototype_templates()
        small = np.flatnonzero(templates.counts <= 20)[:_NUMBER]
        return templates.select(small), 'AFLOW prototypes of up to 20 atoms'
    import pandas as pd
    from pymatgen.core import Lattice, Structure

    from aiida_crystalgen.science.structures import from_structures

    rows = pd.read_parquet(_TABLE).sample(_NUMBER, random_state=0)
    names = ('a', 'b', 'c', 'alpha', 'beta', 'gamma')
    structures = [
        Structure(
            Lattice.from_parameters(*(float(row[name]) for name in names)),
            row['numbers'],
            row['frac'].reshape(-1, 3),
        )
        for _, row in rows.iterrows()
    ]
    return from_structures(structures), 'random crystals of the Materials Project'


def _fingerprints(crystals: CrystalSet, scale: CompositionScale) -> Fingerprints:
    """Return our fingerprints."""
    from aiida_crystalgen.science.metrics.coverage import Fingerprints
    from aiida_crystalgen.science.metrics.fingerprints.crystal_nn import structure_fingerprints
    from aiida_crystalgen.science.metrics.fingerprints.magpie import composition_fingerprints

    return Fingerprints(structure_fingerprints(crystals), composition_fingerprints(crystals, scale))


def _metrics(
    crystals: CrystalSet,
    fingerprints: Fingerprints,
    reference: Fingerprints,
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """Return validity, coverage, Fréchet and Wasserstein distances."""
    from aiida_crystalgen.science.metrics import distributions
    from aiida_crystalgen.science.metrics.composition import are_plausible_compositions
    from aiida_crystalgen.science.metrics.coverage import coverage
    from aiida_crystalgen.science.metrics.validity import are_valid_structures

    densities = distributions.densities(crystals)
    return {
        'structures': are_valid_structures(crystals, settings.structure),
        'compositions': are_plausible_compositions(crystals),
        'coverage': coverage(fingerprints, reference, settings.coverage),
        'frechet': distributions.frechet_distance(fingerprints.structure, reference.structure),
        'wasserstein': distributions.wasserstein(densities, densities),
        'elements': distributions.element_counts(crystals),
    }


def _featurizers(context: Context) -> tuple[Any, Any] | None:
    """Return matminer's featurizers of sites and compositions; None if it is missing."""
    sites = context.peer('matminer.featurizers.site.fingerprint')
    compositions = context.peer('matminer.featurizers.composition.composite')
    if sites is None or compositions is None:
        return None
    return (
        sites.CrystalNNFingerprint.from_preset('ops'),
        compositions.ElementProperty.from_preset('magpie', impute_nan=False),
    )


def _loop(
    crystals: CrystalSet, chosen: range, featurizers: tuple[Any, Any] | None
) -> list[np.ndarray]:
    """Return the fingerprints of some crystals, one structure after another."""
    import warnings

    import numpy as np

    from aiida_crystalgen.science.structures import to_structure

    assert featurizers is not None
    sites, compositions = featurizers
    results = []
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for row in chosen:
            structure = to_structure(crystals, row)
            structure.distance_matrix.min()
            features = [sites.featurize(structure, site) for site in range(len(structure))]
            composition = compositions.featurize(structure.composition)
            results.append(np.concatenate([np.mean(features, axis=0), composition]))
    return results


CLAIMS = (
    Claim(
        'metrics',
        'fingerprints and metrics of 1000 crystals against a loop over matminer and pymatgen',
        f'≥ {_GOAL}',
        'crystals/s',
        _measure_metrics,
    ),
)

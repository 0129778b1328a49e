"""Which proposals are worth a relaxation.

Those that are valid, similar enough to something known, distinct, and within the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field, field_validator

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.screening.duplicates import (
    DuplicateSettings,
    group_duplicates,
    match_references,
)
from aiida_crystalgen.science.screening.similarity import nearest
from aiida_crystalgen.science.screening.validity import ValiditySettings, invalid_reasons
from aiida_crystalgen.science.settings import Settings

__all__ = ('STAGES', 'Screening', 'ScreeningSettings', 'screen')

STAGES = ('generated', 'proposed', 'valid', 'similar', 'distinct', 'selected')

_BEYOND = 'beyond the limit of {} crystals'


class ScreeningSettings(Settings):
    """How proposals are screened.

    :param validity: what a crystal must fulfil.
    :param similar_to: a proposal is accepted if it is similar to one of the references, or to one
        of its generator's replicas; with nothing named, similarity is no condition.
    :param within: largest Pearson distance of radial distribution functions that counts as
        similar (Lee & Chang 2021: 0.13).
    :param limit: number of crystals accepted at most; the most similar ones go first.
    :param rdf: of the radial distribution functions that are compared.
    :param duplicates: of the comparison of the accepted crystals with each other.
    """

    validity: ValiditySettings
    similar_to: tuple[Literal['references', 'replicas'], ...]
    within: float
    limit: int = Field(gt=0)
    rdf: RdfSettings
    duplicates: DuplicateSettings

    @field_validator('within')
    @classmethod
    def _is_similarity(cls, value: float) -> float:
        if not 0 < value <= 1:
            raise ValueError(
                'a Pearson distance for "similar" lies between 0 and 1 (Lee & Chang 2021 use 0.13)'
            )
        return value


@dataclass(frozen=True)
class Screening:
    """What became of every proposal.

    :param accepted: the crystals to relax, with their ``generator`` and ``proposal_row``.
    :param verdicts: one row per proposal of all generators: ``generator``, ``proposal_row``,
        ``stage`` (the last of `STAGES` it reached; 'generated' if its generator gave it up),
        ``rejection`` (empty for the accepted) and the distances that were compared.
    """

    accepted: CrystalSet
    verdicts: dict[str, np.ndarray]


def screen(
    proposals: Mapping[str, CrystalSet],
    references: CrystalSet,
    settings: ScreeningSettings,
    *,
    earlier: CrystalSet | None = None,
) -> Screening:
    """Return which proposals are accepted, and why the others are not.

    :param proposals: of each generator; rows with a ``rejection`` of their own stay rejected.
    :param references: the known crystals.
    :param earlier: crystals accepted before; copies of them are not accepted again.
    :raises ValueError: if replicas are asked for, but no generator has any.
    """
    _check_replicas(proposals, settings)
    known = radial_distribution(references, settings.rdf)
    everything = concatenate(
        [_compare(one, name, known, settings) for name, one in proposals.items()]
    )
    stage = np.full(len(everything), 'generated', dtype='<U9')
    rejection = everything['rejection'].astype(object)
    distance = _similarity(everything, settings)

    proposed = np.flatnonzero(rejection == '')
    stage[proposed] = 'proposed'
    rejection[proposed] = invalid_reasons(everything.select(proposed), settings.validity)
    valid = proposed[rejection[proposed] == '']
    stage[valid] = 'valid'

    far = valid[distance[valid] >= settings.within]
    rejection[far] = [
        f'similar to nothing: Pearson distance {one:.3f} to the nearest' for one in distance[far]
    ]
    similar = valid[distance[valid] < settings.within]
    similar = similar[np.argsort(distance[similar], kind='stable')]
    stage[similar] = 'similar'
    rejection[similar] = _copies(everything.select(similar), earlier, settings)
    distinct = similar[rejection[similar] == '']
    stage[distinct] = 'distinct'

    stage[distinct[: settings.limit]] = 'selected'
    rejection[distinct[settings.limit :]] = _BEYOND.format(settings.limit)
    everything = everything.with_columns(stage=stage, rejection=rejection.astype(np.str_))
    kept = ('generator', 'proposal_row', 'stage', 'rejection', 'nearest_reference')
    distances = tuple(name for name in everything.columns if name.endswith('_distance'))
    return Screening(
        accepted=everything.select(distinct[: settings.limit]),
        verdicts={name: everything[name] for name in (*kept, *distances)},
    )


def _copies(
    crystals: CrystalSet, earlier: CrystalSet | None, settings: ScreeningSettings
) -> np.ndarray:
    """Return for each crystal of what it is a copy, or that it is beyond the limit, or nothing.

    Each is compared with those before it alone, so that none after the limit needs a comparison.
    """
    reasons = np.full(len(crystals), _BEYOND.format(settings.limit), dtype=object)
    done, distinct = 0, np.zeros(0, dtype=np.int64)
    while done < len(crystals) and len(distinct) < settings.limit:
        rows = np.arange(done, min(max(2 * done, settings.limit), len(crystals)))
        reasons[rows] = _copies_among(
            crystals.select(rows), crystals.select(distinct), earlier, settings
        )
        done += len(rows)
        distinct = np.flatnonzero(reasons == '')
    return reasons


def _copies_among(
    crystals: CrystalSet,
    before: CrystalSet,
    earlier: CrystalSet | None,
    settings: ScreeningSettings,
) -> np.ndarray:
    """Return for each crystal of what it is a copy, as a reason to reject it, or nothing.

    :param before: proposals of the same round that are no copies.
    :param earlier: crystals accepted in the rounds before.
    """
    reasons = np.full(len(crystals), '', dtype=object)
    rows = np.arange(len(crystals))
    if earlier is not None:
        again = match_references(crystals, earlier, settings.duplicates) >= 0
        reasons[again] = 'duplicate of a crystal accepted in an earlier round'
        rows = rows[~again]
    if len(before):
        originals = match_references(crystals.select(rows), before, settings.duplicates)
        again = originals >= 0
        reasons[rows[again]] = _reasons(before['proposal_row'][originals[again]])
        rows = rows[~again]
    groups = group_duplicates(crystals.select(rows), settings.duplicates)
    copies = groups != np.arange(len(rows))
    reasons[rows[copies]] = _reasons(crystals['proposal_row'][rows[groups[copies]]])
    return reasons


def _reasons(originals: Int[np.ndarray, ' copies']) -> list[str]:
    """Return why copies of proposals are rejected."""
    return [f'duplicate of row {one}' for one in originals]


def _check_replicas(proposals: Mapping[str, CrystalSet], settings: ScreeningSettings) -> None:
    """Raise if similarity to replicas is wanted, but there are none."""
    if 'replicas' not in settings.similar_to:
        return
    if not any('replica_distance' in one for one in proposals.values()):
        raise ValueError(
            "'screening.similar_to' names replicas, but none of the generators "
            f'{", ".join(proposals)} has any; use rdf_vae, or leave replicas out'
        )


def _compare(
    proposals: CrystalSet,
    name: str,
    known: Float[np.ndarray, 'references points'],
    settings: ScreeningSettings,
) -> CrystalSet:
    """Return the proposals with their distance from the references, and where they come from."""
    index, distance = nearest(radial_distribution(proposals, settings.rdf), known)
    number = len(proposals)
    if 'replica_distance' not in proposals:
        # The largest Pearson distance there is: similar to no replica.
        proposals = proposals.with_columns(
            replica=np.full(number, -1), replica_distance=np.full(number, 2.0)
        )
    return proposals.with_columns(
        generator=np.full(number, name),
        proposal_row=np.arange(number),
        nearest_reference=index,
        reference_distance=distance,
    )


def _similarity(
    crystals: CrystalSet, settings: ScreeningSettings
) -> Float[np.ndarray, ' crystals']:
    """Return the distance from whatever the crystals should be similar to."""
    columns = {'references': 'reference_distance', 'replicas': 'replica_distance'}
    if not settings.similar_to:
        return np.zeros(len(crystals))
    return np.min([crystals[columns[name]] for name in settings.similar_to], axis=0)

"""How proposals came about: their space groups, and one of them on its way from noise."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from jaxtyping import Int

from aiida_crystalgen.queries.results import SearchResults
from aiida_crystalgen.report.generation import DenoisingFilm, SpaceGroupCounts
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.generators.inspection import CountsSpaceGroups, FilmsProposals
from aiida_crystalgen.science.generators.interface import Request, load_generator

__all__ = ('film_of_proposal', 'film_of_search', 'groups_of_proposals', 'groups_of_search')

_TOLERANCE = 0.01  # Å, that of the Materials Project for crystals as they were generated
_MOST_ANALYSED = 1000  # crystals, which spglib takes about a second for
_FRAMES = 8
_SAME = 1e-3  # Å and shares of axes: how well a repeated proposal agrees with the stored one
_GROUPS = 231


def groups_of_search(results: SearchResults) -> tuple[SpaceGroupCounts, ...]:
    """Return the space groups of the proposals of each generator that was asked for some."""
    found = []
    for label in results.requests:
        sets = [
            crystals.without_columns().with_columns(
                requested_space_group=crystals['requested_space_group'],
                rejection=crystals['rejection'],
            )
            for crystals in _proposals(results, label).values()
            if 'requested_space_group' in crystals
        ]
        checkpoint = results.checkpoints.get(label)
        counts = groups_of_proposals(label, concatenate(sets), checkpoint) if sets else None
        if counts is not None:
            found.append(counts)
    return tuple(found)


def groups_of_proposals(
    name: str, proposals: CrystalSet, checkpoint: Checkpoint | None
) -> SpaceGroupCounts | None:
    """Return the space groups of proposals, None if none of them was asked for with one.

    Rejected proposals are left out. Of more than a thousand some are looked at, evenly spread.

    :param name: of the generator, or nothing.
    :param checkpoint: that proposed them, None if there is none.
    """
    from aiida_crystalgen.science.metrics.retention import have_kept_groups
    from aiida_crystalgen.science.symmetry.analysis import space_groups

    if 'requested_space_group' not in proposals:
        return None
    asked = np.flatnonzero(
        (proposals['requested_space_group'] > 0) & (proposals['rejection'] == '')
    )
    if not len(asked):
        return None
    rows = asked[np.unique(np.linspace(0, len(asked) - 1, _MOST_ANALYSED).astype(np.int64))]
    some = proposals.select(rows)
    requested, found = some['requested_space_group'], space_groups(some, _TOLERANCE)
    return SpaceGroupCounts(
        name=name,
        requested=np.bincount(requested, minlength=_GROUPS),
        found=np.bincount(found, minlength=_GROUPS),
        equal=int((requested == found).sum()),
        kept=int(have_kept_groups(requested, found).sum()),
        tolerance=_TOLERANCE,
        known=_known_groups(checkpoint),
    )


def _known_groups(checkpoint: Checkpoint | None) -> Int[np.ndarray, ' groups'] | None:
    """Return the space groups that a model has learned from, None if it does not know them."""
    if checkpoint is None:
        return None
    generator = load_generator(checkpoint.method)
    if not isinstance(generator, CountsSpaceGroups):
        return None
    return generator.space_group_counts(checkpoint)


def film_of_search(results: SearchResults) -> DenoisingFilm | None:
    """Return the way of a crystal from noise, None if no generator goes one.

    It is that of the lowest phase that such a generator proposed, or of its first proposal.
    """
    for label, checkpoint in results.checkpoints.items():
        proposals = _proposals(results, label)
        phases = [
            (row.label, row.proposal_round, row.proposal_row)
            for row in results.phases
            if row.generator == label
        ]
        for name, number, place in (*phases[:1], ('', 1, None)):
            if number in proposals:
                film = film_of_proposal(proposals[number], checkpoint, row=place, label=name)
                if film is not None:
                    return film
    return None


def film_of_proposal(
    proposals: CrystalSet, checkpoint: Checkpoint, *, row: int | None = None, label: str = ''
) -> DenoisingFilm | None:
    """Return the way of a proposal from noise, by repeating it.

    There is none if the generator goes no such way, or the repetition leads elsewhere, as it may by
    other versions of the libraries, or by a model that has been trained on.

    :param row: of the proposal, the first that was not rejected if None.
    :param label: of the crystal, its row if empty.
    """
    generator = load_generator(checkpoint.method)
    source: dict[str, Any] = proposals.metadata.get('source', {})
    if not (isinstance(generator, FilmsProposals) and {'request', 'seed'} <= set(source)):
        return None
    if row is None:
        usable = np.flatnonzero(proposals['rejection'] == '')
        if not len(usable):
            return None
        row = int(usable[0])
    request = Request.parse(source['request'])
    frames = generator.film(checkpoint, request, row, seed=source['seed'], frames=_FRAMES)
    if not _are_same(frames.select([len(frames) - 1]), proposals.select([row])):
        return None
    return DenoisingFilm(label or f'row {row}', frames, frames['noise'])


def _proposals(results: SearchResults, label: str) -> dict[int, CrystalSet]:
    """Return what a generator has proposed by the number of the round."""
    pattern = re.compile(rf'rounds__round_(\d+)__proposals__{re.escape(label)}')
    numbers = sorted(int(match[1]) for match in map(pattern.fullmatch, results.outputs) if match)
    found = {number: results.proposals(label, number) for number in numbers}
    return {number: crystals for number, crystals in found.items() if crystals is not None}


def _are_same(first: CrystalSet, second: CrystalSet) -> bool:
    """Return whether two crystals have the same cell with the same atoms in the same places."""
    if not np.array_equal(first.atomic_numbers, second.atomic_numbers):
        return False
    steps = first.fractional_coordinates - second.fractional_coordinates
    steps = np.abs(steps - np.round(steps))
    return bool(
        (steps < _SAME).all() and np.allclose(first.lattices, second.lattices, rtol=0, atol=_SAME)
    )

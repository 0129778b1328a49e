"""The most likely ways to put elements into templates, and the most likely compositions.

Scores are sums of logarithms of likelihoods over inequivalent sites: Ryan, Lengyel & Shatruk 2018
take the likelihood of a crystal to be the product of those of its sites. Every assignment of a
template is scored at once, as a product with a matrix of zeros and ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Int

from aiida_crystalgen.science.characterization.prototype import wyckoff_renamings
from aiida_crystalgen.science.generators.site_network.assignments import (
    assigned_amounts,
    number_of_assignments,
    one_hot,
    surjections,
)
from aiida_crystalgen.science.generators.site_network.templates import (
    TemplateGroup,
    Templates,
    letter_place,
)
from aiida_crystalgen.science.symmetry.random_numbers import fold

__all__ = (
    'Candidates',
    'Compositions',
    'rank_candidates',
    'rank_compositions',
    'scores_of',
    'structure_codes',
)

_BLOCK = 1 << 18  # scores that are held at once
_SPARE = 4  # times as many candidates as are wanted are kept before doubles are looked for
_AMOUNT_BITS = 12  # per element in the code of a composition


@dataclass(frozen=True)
class Candidates:
    """Assignments in the order of their scores.

    :param templates: row of the template of each candidate.
    :param assignments: its number in the list of `surjections`, for sites in ascending order of
        their multiplicities.
    :param scores: logarithm of the product of likelihoods.
    :param scored: number of all assignments that were looked at.
    :param left_out: number of templates with too many of them.
    """

    templates: Int[np.ndarray, ' candidates']
    assignments: Int[np.ndarray, ' candidates']
    scores: Float32[np.ndarray, ' candidates']
    scored: int
    left_out: int

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class Compositions:
    """Compositions in the order of the best candidate of each.

    :param amounts: atoms of each element, without common divisor.
    :param candidates: the best candidate of each composition.
    """

    amounts: Int[np.ndarray, 'compositions elements']
    candidates: Candidates

    def __len__(self) -> int:
        return len(self.amounts)


def rank_candidates(
    templates: Templates,
    elements: Sequence[int],
    wanted: int,
    *,
    most_assignments: int,
    amounts: Sequence[int] | None = None,
) -> Candidates:
    """Return the best candidates, each structure once.

    Candidates are one structure if they have the same space group and elements on the same Wyckoff
    positions, whatever their templates; the best is kept.

    :param elements: atomic numbers; all of them are in every candidate.
    :param wanted: number of candidates.
    :param most_assignments: templates with more are left out.
    :param amounts: of the elements in the formula asked for; all formulas if None.
    :raises ValueError: if no template has room for the elements, or none has the formula.
    """
    pool = _Pool(templates, elements, wanted)
    scored = left_out = 0
    ratio = None if amounts is None else np.array(amounts) // np.gcd.reduce(amounts)
    for group in _with_room(templates, elements):
        number = number_of_assignments(len(group.multiplicities), len(elements))
        if number > most_assignments:
            left_out += len(group.templates)
            continue
        chosen = np.arange(number)
        if ratio is not None:
            possible = assigned_amounts(group.multiplicities, len(elements))
            chosen = np.flatnonzero((possible == ratio).all(axis=1))
        for rows, scores in scores_of(templates, group, elements, chosen):
            scored += scores.size
            pool.add(group, rows, chosen, scores)
    return pool.best(scored, left_out)


def rank_compositions(
    templates: Templates, elements: Sequence[int], *, most_assignments: int
) -> Compositions:
    """Return all compositions that any template can have, by their best candidates.

    :param elements: atomic numbers; all of them are in every composition.
    :param most_assignments: templates with more are left out.
    :raises ValueError: if no template has room for the elements.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    scored = left_out = 0
    for group in _with_room(templates, elements):
        number = number_of_assignments(len(group.multiplicities), len(elements))
        if number > most_assignments:
            left_out += len(group.templates)
            continue
        best = np.full(number, -np.inf, dtype=np.float32)
        owner = np.zeros(number, dtype=np.int64)
        for rows, scores in scores_of(templates, group, elements, np.arange(number)):
            scored += scores.size
            place = scores.argmax(axis=0)
            highest = scores[place, np.arange(number)]
            better = highest > best
            best[better] = highest[better]
            owner[better] = group.templates[rows][place[better]]
        codes = _codes(assigned_amounts(group.multiplicities, len(elements)))
        parts.append(_first_of_each(codes, best, owner, np.arange(number)))
    codes, scores, owners, assignments = (np.concatenate(one) for one in zip(*parts, strict=True))
    codes, scores, owners, assignments = _first_of_each(codes, scores, owners, assignments)
    order = np.lexsort((codes, -scores))
    shifts = _AMOUNT_BITS * np.arange(len(elements))
    amounts = (codes[order, None] >> shifts) & (2**_AMOUNT_BITS - 1)
    found = Candidates(owners[order], assignments[order], scores[order], scored, left_out)
    return Compositions(amounts, found)


def _with_room(templates: Templates, elements: Sequence[int]) -> list[TemplateGroup]:
    """Return the groups of templates with at least as many sites as there are elements.

    :raises ValueError: if there are none.
    """
    groups = [one for one in templates.groups if len(one.multiplicities) >= len(elements)]
    if not groups:
        most = max((len(one.multiplicities) for one in templates.groups), default=0)
        raise ValueError(
            f'{len(elements)} elements need templates with as many inequivalent sites, but the '
            f'largest has {most}; give fewer elements or other templates'
        )
    return groups


def scores_of(
    templates: Templates,
    group: TemplateGroup,
    elements: Sequence[int],
    chosen: Int[np.ndarray, ' chosen'],
) -> Iterator[tuple[slice, Float32[np.ndarray, 'rows chosen']]]:
    """Yield the scores of some assignments in a few templates of a group at a time."""
    if len(chosen) == 0:
        return
    matrix = one_hot(len(group.multiplicities), len(elements))
    if len(chosen) < matrix.shape[1]:
        matrix = matrix[:, chosen]
    step = max(1, _BLOCK // len(chosen))
    columns = np.array(elements) - 1
    for start in range(0, len(group.templates), step):
        rows = slice(start, start + step)
        table = templates.log_likelihoods[group.sites[rows][:, :, None], columns]
        yield rows, table.reshape(len(table), -1) @ matrix


def _codes(amounts: Int[np.ndarray, 'compositions elements']) -> Int[np.ndarray, ' compositions']:
    """Return one number for each composition."""
    return (amounts << (_AMOUNT_BITS * np.arange(amounts.shape[1]))).sum(axis=1)


def _first_of_each(
    codes: Int[np.ndarray, ' items'], scores: Float32[np.ndarray, ' items'], *others: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return codes without doubles, each with the best of its scores and what belongs to that."""
    order = np.lexsort((*reversed(others), -scores, codes))
    sorted_codes = codes[order]
    first = order[np.concatenate([[True], sorted_codes[1:] != sorted_codes[:-1]])]
    return tuple(one[first] for one in (codes, scores, *others))


def structure_codes(
    positions: Int[np.ndarray, 'structures sites'], elements: Int[np.ndarray, 'structures sites']
) -> Int[np.ndarray, ' structures']:
    """Return a number for each structure, alike for the same elements on the same positions.

    Positions that another choice of origin or axes turns into each other are the same.

    :param positions: of the sites, as in `Templates`.
    :param elements: atomic number on each site.
    """
    groups, letters = positions[:, :1] // 64, positions % 64
    renamings, counts = _renamings()
    numbers = counts[groups[:, 0]]
    codes = np.full(len(positions), np.iinfo(np.int64).max)
    for turn in range(int(numbers.max(initial=0))):
        rows = np.flatnonzero(numbers > turn)
        renamed = 64 * groups[rows] + renamings[groups[rows], turn, letters[rows]]
        # A sum does not depend on the order of the sites.
        sums = fold(renamed.astype(np.uint64), elements[rows]).sum(axis=1, dtype=np.uint64)
        codes[rows] = np.minimum(codes[rows], sums.view(np.int64))
    return codes


@cache
def _renamings() -> tuple[Int[np.ndarray, 'groups renamings letters'], Int[np.ndarray, ' groups']]:
    """Return what Wyckoff letters become in each equivalent description of a space group.

    The second array is the number of descriptions.
    """
    known = wyckoff_renamings()
    counts = np.ones(max(known) + 1, dtype=np.int64)
    most = max(len(one) for one in known.values())
    result = np.tile(np.arange(27), (max(known) + 1, most, 1))
    for group, renamings in known.items():
        counts[group] = len(renamings)
        for place, renaming in enumerate(renamings):
            for old, new in renaming.items():
                result[group, place, letter_place(old)] = letter_place(new)
    return result, counts


class _Pool:
    """The best candidates so far, in bounded memory.

    :param templates: that the candidates come from.
    :param elements: atomic numbers.
    :param wanted: number of candidates.
    """

    def __init__(self, templates: Templates, elements: Sequence[int], wanted: int) -> None:
        self.templates = templates
        self.elements = np.array(elements)
        self.wanted = wanted
        self.floor = -np.inf
        self.codes = np.zeros(0, dtype=np.int64)
        self.scores = np.zeros(0, dtype=np.float32)
        self.origins = np.zeros((2, 0), dtype=np.int64)  # template and assignment

    def add(
        self,
        group: TemplateGroup,
        rows: slice,
        chosen: Int[np.ndarray, ' chosen'],
        scores: Float32[np.ndarray, 'rows chosen'],
    ) -> None:
        """Take in those scores that are among the best."""
        values = scores.ravel()
        promising = np.flatnonzero(values > self.floor)
        promising = promising[np.argsort(-values[promising], kind='stable')]
        size = _SPARE * self.wanted
        for start in range(0, len(promising), size):
            part = promising[start : start + size]
            if values[part[0]] <= self.floor:
                return
            row, column = np.divmod(part, len(chosen))
            members = np.arange(len(group.templates))[rows][row]
            self._merge(group, members, chosen[column], values[part])

    def _merge(
        self,
        group: TemplateGroup,
        rows: Int[np.ndarray, ' part'],
        assignments: Int[np.ndarray, ' part'],
        scores: Float32[np.ndarray, ' part'],
    ) -> None:
        """Take in some candidates of a group, of several alike only the best."""
        chosen = surjections(len(group.multiplicities), len(self.elements))[assignments]
        positions = self.templates.positions[group.sites[rows]]
        codes = structure_codes(positions, self.elements[chosen])
        origins = np.stack([group.templates[rows], assignments])
        codes, scores, *both = _first_of_each(
            np.concatenate([self.codes, codes]),
            np.concatenate([self.scores, scores]),
            *np.concatenate([self.origins, origins], axis=1),
        )
        best = np.lexsort((both[1], both[0], -scores))[: self.wanted]
        self.codes, self.scores = codes[best], scores[best]
        self.origins = np.stack(both)[:, best]
        if len(best) == self.wanted:
            self.floor = float(self.scores[-1])

    def best(self, scored: int, left_out: int) -> Candidates:
        """Return the candidates that are left.

        :raises ValueError: if there are none.
        """
        if not len(self.scores):
            raise ValueError(
                f'none of the {scored} assignments is possible; ask for another formula, or give '
                'other templates'
            )
        return Candidates(self.origins[0], self.origins[1], self.scores, scored, left_out)

"""The ranking engine, against plain loops over all assignments."""

from itertools import product
from math import gcd

import numpy as np
import pytest

from aiida_crystalgen.science.generators.site_network.assignments import (
    number_of_assignments,
    surjections,
)
from aiida_crystalgen.science.generators.site_network.evidence import structure_types
from aiida_crystalgen.science.generators.site_network.optimality import optimality_score
from aiida_crystalgen.science.generators.site_network.ranking import (
    rank_candidates,
    rank_compositions,
    structure_codes,
)
from aiida_crystalgen.science.generators.site_network.templates import Templates

SIZES = [1, 2, 2, 3, 4, 3]


@pytest.fixture
def templates():
    """Return six templates of one to four sites with random likelihoods."""
    generator = np.random.default_rng(0)
    sites = sum(SIZES)
    return Templates(
        bounds=np.concatenate([[0], np.cumsum(SIZES)]),
        multiplicities=generator.integers(1, 4, sites),
        positions=np.arange(sites),
        log_likelihoods=np.log(generator.random((sites, 118))).astype(np.float32),
    )


def every_candidate(templates, elements):
    """Yield score, template and amounts of each assignment with all elements, one by one."""
    for template, size in enumerate(SIZES):
        sites = range(templates.bounds[template], templates.bounds[template + 1])
        for chosen in product(range(len(elements)), repeat=size):
            if set(chosen) == set(range(len(elements))):
                pairs = list(zip(sites, chosen, strict=True))
                score = sum(templates.log_likelihoods[s, elements[c] - 1] for s, c in pairs)
                amounts = [
                    sum(int(templates.multiplicities[s]) for s, c in pairs if c == element)
                    for element in range(len(elements))
                ]
                yield float(score), template, tuple(n // gcd(*amounts) for n in amounts)


@pytest.mark.parametrize('elements', [(14,), (25, 32), (3, 25, 32), (8, 3, 25, 32)])
@pytest.mark.parametrize('wanted', [3, 1000])
def test_best_candidates_are_those_of_a_loop(templates, elements, wanted):
    """The best of all assignments, in order, and how many there are."""
    expected = sorted(every_candidate(templates, elements), reverse=True)
    found = rank_candidates(templates, elements, wanted, most_assignments=10**6)
    assert found.scored == len(expected)
    assert np.allclose(found.scores, [one[0] for one in expected[:wanted]], atol=1e-5)
    assert found.templates.tolist() == [one[1] for one in expected[:wanted]]


@pytest.mark.parametrize('elements', [(25, 32), (3, 25, 32)])
def test_compositions_have_their_best_candidates(templates, elements):
    """Each composition once, by the score of its best assignment."""
    ordered = sorted(every_candidate(templates, elements))
    best = {amounts: score for score, _, amounts in ordered}
    found = rank_compositions(templates, elements, most_assignments=10**6)
    assert {tuple(one) for one in found.amounts.tolist()} == set(best)
    expected = [best[tuple(one)] for one in found.amounts.tolist()]
    assert np.allclose(found.candidates.scores, expected, atol=1e-5)
    assert (np.diff(found.candidates.scores) <= 0).all()


def test_a_formula_leaves_its_own_candidates(templates):
    """Of all candidates those with the formula are ranked."""
    expected = sorted(
        (one for one in every_candidate(templates, (25, 32)) if one[2] == (1, 2)), reverse=True
    )
    found = rank_candidates(templates, (25, 32), 1000, most_assignments=10**6, amounts=(2, 4))
    assert np.allclose(found.scores, [one[0] for one in expected], atol=1e-5)


def test_equal_structures_are_listed_once(templates):
    """Of the same elements on the same Wyckoff positions the best stays."""
    twice = Templates(
        bounds=np.concatenate([templates.bounds, templates.bounds[1:] + sum(SIZES)]),
        multiplicities=np.tile(templates.multiplicities, 2),
        positions=np.tile(templates.positions, 2),
        log_likelihoods=np.concatenate([templates.log_likelihoods, templates.log_likelihoods - 1]),
    )
    one = rank_candidates(templates, (25, 32), 1000, most_assignments=10**6)
    two = rank_candidates(twice, (25, 32), 1000, most_assignments=10**6)
    assert np.array_equal(one.scores, two.scores)
    assert np.array_equal(one.templates, two.templates)
    assert two.scored == 2 * one.scored


def test_another_origin_is_the_same_structure():
    """Positions a and b of Fm-3m change places with the origin; c does not join them."""
    a, b, c = 64 * 225 + np.arange(3)
    positions = np.array([[a, b], [b, a], [a, c], [b, c]])
    codes = structure_codes(positions, np.tile([11, 17], (4, 1)))
    assert codes[0] == codes[1]
    assert codes[2] == codes[3]
    assert codes[0] != codes[2]


def test_evidence_of_a_type_is_that_of_all_its_templates(templates):
    """Likelihoods of isostructural templates are added up."""
    alike = Templates(
        bounds=np.array([0, 2, 4]),
        multiplicities=np.array([1, 1, 1, 1]),
        positions=np.array([5, 6, 5, 6]),
        log_likelihoods=templates.log_likelihoods[:4],
    )
    found = structure_types(alike, (25, 32), (1, 1), most_assignments=100)
    assert len(found.codes) == 2
    assert np.exp(found.evidence).sum() == pytest.approx(np.exp(found.scores).sum())


def test_large_templates_are_left_out_and_counted(templates):
    """Templates with too many assignments are no candidates."""
    found = rank_candidates(templates, (25, 32), 1000, most_assignments=6)
    assert found.left_out == SIZES.count(4)
    assert 4 not in found.templates


@pytest.mark.parametrize(('sites', 'elements'), [(1, 1), (4, 2), (5, 3), (3, 4)])
def test_assignments_are_counted_without_listing(sites, elements):
    """The number of surjections is the length of their list."""
    listed = surjections(sites, elements)
    assert len(listed) == number_of_assignments(sites, elements)
    assert len(np.unique(listed, axis=0)) == len(listed)


def test_too_many_elements_are_refused(templates):
    """No template has room for five elements."""
    with pytest.raises(ValueError, match='5 elements need'):
        rank_candidates(templates, (1, 2, 3, 4, 5), 5, most_assignments=100)


def test_impossible_formulas_are_refused(templates):
    """A formula that no template can have is said to be impossible."""
    with pytest.raises(ValueError, match='another formula'):
        rank_candidates(templates, (25, 32), 5, most_assignments=100, amounts=(1, 97))


@pytest.mark.parametrize(
    ('positions', 'number', 'score'),
    [([1, 2, 3], 10, 1.0), ([8, 9, 10], 10, -1.0), ([5, 6], 10, 0.0), ([1, 2], 2, 1.0)],
)
def test_optimality_score(positions, number, score):
    """Equation 2 of the paper at its ends and in the middle."""
    assert optimality_score(np.array(positions), number) == pytest.approx(score)


def test_optimality_score_needs_positions_in_the_list():
    """Position 0 does not exist."""
    with pytest.raises(ValueError, match='from 1 to 5'):
        optimality_score(np.array([0]), 5)

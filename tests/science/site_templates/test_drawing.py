"""Laws of templates that are drawn."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from ase.data import atomic_numbers

from aiida_crystalgen.science.site_templates import draw_templates
from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

ROWS = np.arange(400)
SITES = {'Cu': 2, 'Si': 1, 'K': 1}


def amounts_of(templates, names):
    """Return the atoms of each element in the primitive cell of each template."""
    columns = [
        np.bincount(
            templates.crystal_of_orbit,
            templates.multiplicities * (templates.atomic_numbers == atomic_numbers[name]),
            minlength=len(templates),
        )
        for name in names
    ]
    return np.stack(columns, axis=1).astype(int)


def letters_of(templates):
    """Return space group and sites of each template, which compare equal if they are the same."""
    bounds = np.concatenate([[0], np.cumsum(templates.orbit_counts)])
    sites = list(zip(templates.atomic_numbers.tolist(), templates.letters.tolist(), strict=True))
    return [
        (group, tuple(sorted(sites[start:end])))
        for group, start, end in zip(
            templates.space_groups.tolist(), bounds[:-1], bounds[1:], strict=True
        )
    ]


@pytest.mark.parametrize('learned', [True, False])
@pytest.mark.parametrize('cell', ['primitive', 'conventional'])
@pytest.mark.parametrize(
    'asked', [('Si', (8,)), ('SnSe', (4, 1)), ('SrTiO3', (1, 2)), ('K2Cu3Si', (2,))], ids=str
)
def test_every_template_has_the_exact_formula(ask, settings, known, asked, cell, learned):
    """All rows hold the formula units of their turn, in space groups that have room for them."""
    formula, units = asked
    request = ask(formula, formula_units=units, cell=cell)
    drawn = draw_templates(request, known if learned else None, ROWS, settings=settings(), seed=3)
    lattice_points = wyckoff_table().centrings[drawn.space_groups] if cell == 'conventional' else 1
    wanted = np.array(units)[ROWS % len(units), None] * list(request.amounts.values())
    found = amounts_of(drawn, request.elements) * np.reshape(lattice_points, (-1, 1))
    assert (found == wanted).all()


@pytest.mark.parametrize('learned', [True, False])
def test_positions_without_freedom_are_taken_once(ask, settings, known, learned):
    """No two orbits share a point, nor do two elements."""
    drawn = draw_templates(
        ask('SnSe', formula_units=(8,)),
        known if learned else None,
        ROWS,
        settings=settings(),
        seed=3,
    )
    fixed = wyckoff_table().freedoms[drawn.positions] == 0
    taken = list(zip(drawn.crystal_of_orbit[fixed], drawn.positions[fixed], strict=True))
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize('composition', ['SrTiO3', 'Cu-Si-K'])
def test_only_allowed_space_groups_are_drawn(ask, settings, known, composition):
    """All of those that are asked for, and no other."""
    request = ask(composition, space_groups=(47, 99, 123, 221))
    drawn = draw_templates(request, known, ROWS, settings=settings(backoff=1e3), seed=3)
    assert set(drawn.space_groups.tolist()) == {47, 99, 123, 221}


@pytest.mark.parametrize(('formula', 'units'), [('Si', 8), ('CaF2', 4), ('NaCl', 3)])
def test_without_known_crystals_every_space_group_with_room_is_drawn(ask, settings, formula, units):
    """They are those that PyXtal's check, which another test compares with, finds compatible."""
    request = ask(formula, formula_units=(units,), cell='conventional')
    drawn = draw_templates(request, None, np.arange(4000), settings=settings(), seed=3)
    amounts = {name: units * amount for name, amount in request.amounts.items()}
    possible = compatible_space_groups(amounts, 'conventional')
    assert sorted(set(drawn.space_groups.tolist())) == list(possible)


def test_frequencies_are_those_of_the_known_crystals(ask, settings, known):
    """Where elements do not matter, each type is as frequent as among crystals of its kind."""
    alike = settings(nearness=1e6, floor=0.0, backoff=1e-9)
    drawn = draw_templates(ask('LiH'), known, np.arange(2000), settings=alike, seed=3)
    groups, counts = np.unique(drawn.space_groups, return_counts=True)
    assert groups.tolist() == [216, 221, 225]
    assert counts / 2000 == pytest.approx([1 / 10, 2 / 10, 7 / 10], abs=0.005)


def test_like_elements_have_like_structures(ask, settings, known):
    """Rubidium chloride follows caesium chloride, lithium chloride rock salt."""
    near = settings(nearness=0.1, floor=0.0, backoff=1e-9)
    for formula, group in (('RbCl', 221), ('LiCl', 225)):
        drawn = draw_templates(ask(formula), known, ROWS, settings=near, seed=3)
        assert np.mean(drawn.space_groups == group) > 0.6


def test_elements_stand_where_like_ones_do(ask, settings, known):
    """Calcium takes the place of strontium, zirconium that of titanium."""
    request = ask('CaZrO3', space_groups=(221,))
    drawn = draw_templates(
        request, known, np.arange(1), settings=settings(likely_first=True), seed=3
    )
    letters = dict(zip(drawn.atomic_numbers.tolist(), drawn.letters.tolist(), strict=True))
    assert letters in ({20: 0, 40: 1, 8: 2}, {20: 1, 40: 0, 8: 3})


def test_what_was_never_seen_keeps_its_floor(ask, settings, known):
    """The share of other templates is the floor."""
    seen = set(letters_of(draw_known(ask, settings, known)))
    request = ask('NaCl', space_groups=(216, 221, 225))
    drawn = draw_templates(
        request, known, np.arange(2000), settings=settings(floor=0.3, backoff=1e-9), seed=3
    )
    strange = np.mean([one not in seen for one in letters_of(drawn)])
    assert 0.1 < strange <= 0.3


def draw_known(ask, settings, known):
    """Return templates of sodium chloride that known crystals have."""
    only = settings(floor=0.0, backoff=1e-9, nearness=1e6)
    return draw_templates(ask('NaCl'), known, ROWS, settings=only, seed=3)


@pytest.mark.parametrize('composition', ['NaCl', 'Cu-Si-K'])
@pytest.mark.parametrize('learned', [True, False])
def test_a_row_depends_on_its_number_alone(ask, settings, known, composition, learned):
    """Rows that are drawn by themselves, in any order, are those drawn together."""
    asked = settings(floor=0.5, sites={} if learned or '-' not in composition else SITES)
    request = ask(composition, formula_units=(1, 2, 4), candidates=5000)
    distribution = known if learned else None
    together = letters_of(draw_templates(request, distribution, ROWS, settings=asked, seed=3))
    some = np.array([311, 5, 17, 4999])
    alone = letters_of(draw_templates(request, distribution, some, settings=asked, seed=3))
    assert alone[:3] == [together[row] for row in some[:3]]


def test_seeds_differ(ask, settings, known):
    """Another seed draws other templates."""
    one, other = (
        letters_of(
            draw_templates(ask('SnSe'), known, ROWS, settings=settings(floor=0.5), seed=seed)
        )
        for seed in (3, 4)
    )
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 300


def test_the_likeliest_come_first_if_asked_for(ask, settings, known):
    """Rock salt is first whatever the seed, and the rest is about as frequent as probable."""
    asked = settings(likely_first=True, nearness=1e6, floor=0.0, backoff=1e-9)
    for seed in range(5):
        drawn = draw_templates(ask('LiH'), known, np.arange(10), settings=asked, seed=seed)
        assert drawn.space_groups[0] == 225
        assert Counter(drawn.space_groups.tolist())[225] in (6, 7, 8)


@pytest.mark.parametrize('floor', [0.0, 1.0])
def test_systems_have_all_their_elements_and_few_atoms(ask, settings, known, floor):
    """Stoichiometries differ, no element is missing, and cells are as small as asked for."""
    asked = settings(floor=floor, most_atoms=9)
    drawn = draw_templates(ask('Cu-Si-K'), known, ROWS, settings=asked, seed=3)
    amounts = amounts_of(drawn, ('Cu', 'Si', 'K'))
    assert amounts.min() >= 1
    assert (amounts.sum(axis=1) == drawn.atom_counts).all()
    assert drawn.atom_counts.max() <= 9
    assert len(np.unique(amounts, axis=0)) > 1


@pytest.mark.parametrize('learned', [True, False])
def test_numbers_of_sites_can_be_asked_for(ask, settings, known, learned):
    """Each element of a system has exactly the inequivalent sites asked for."""
    request = ask('Cu-Si-K', space_groups=(12, 62, 123, 139))
    asked = settings(sites=SITES, most_atoms=24)
    drawn = draw_templates(request, known if learned else None, ROWS, settings=asked, seed=3)
    for name, number in SITES.items():
        found = drawn.crystal_of_orbit[drawn.atomic_numbers == atomic_numbers[name]]
        assert (np.bincount(found, minlength=len(drawn)) == number).all()


IMPOSSIBLE = {
    r'have room for 4, 8, 12, .* 1: 1-3, 5': ('SrTiO3', {'space_groups': (62,)}, {}),
    'have room for 8, 16, 24 formula units; .* 1: 1-3, 6': (
        'Si',
        {'space_groups': (227,), 'cell': 'conventional'},
        {},
    ),
    'leaves elements open': ('Li-Ge-*', {}, {}),
    'clusters have no sites': ('SnSe', {'periodic': False}, {}),
    'SnSe is a formula': ('SnSe', {}, {'sites': {'Sn': 1, 'Se': 1}}),
    "'sites' counts those of Cu, Si": ('Cu-Si-K', {}, {'sites': {'Cu': 1, 'Si': 1}}),
    'need at least .* atoms .* 230': ('Cu-Si-K', {'space_groups': (230,)}, {}),
    'has 4 elements, but the known crystals have 2, 3': ('Li-Cu-Si-K', {}, {}),
}


@pytest.mark.parametrize('message', IMPOSSIBLE)
def test_impossible_requests_say_what_is_possible(ask, settings, known, message):
    """Nothing is drawn where nothing fits."""
    composition, changes, asked = IMPOSSIBLE[message]
    request = ask(composition, **changes)
    with pytest.raises(ValueError, match=message):
        draw_templates(request, known, ROWS, settings=settings(**asked), seed=3)


def test_systems_need_known_crystals_or_numbers_of_sites(ask, settings):
    """Nothing tells how many sites there are otherwise."""
    with pytest.raises(ValueError, match="give 'sites'"):
        draw_templates(ask('Cu-Si-K'), None, ROWS, settings=settings(), seed=3)


def test_sites_are_positive(settings):
    """An element without sites is not in the crystal."""
    with pytest.raises(ValueError, match='at least one site'):
        settings(sites={'Cu': 0})

"""Structure types do not depend on names."""

from __future__ import annotations

import pytest

from aiida_crystalgen.science.site_templates.types import type_of_sites


@pytest.mark.parametrize(
    ('group', 'one', 'other'),
    [
        (225, ((0,), (1,)), ((1,), (0,))),  # rock salt from either atom
        (221, ((0,), (1,), (2,)), ((1,), (0,), (3,))),  # perovskite from A or B
        (227, ((0,), (3,), (4,)), ((1,), (2,), (4,))),  # spinel
    ],
)
def test_origins_do_not_matter(group, one, other):
    """Descriptions by different origins have one type."""
    assert type_of_sites(group, one).letters == type_of_sites(group, other).letters


def test_types_differ_where_crystals_do():
    """Rock salt and fluorite, and zinc blende with its neighbour on d, which is the same."""
    assert type_of_sites(225, ((0,), (1,))).letters != type_of_sites(225, ((0,), (2,))).letters
    assert type_of_sites(216, ((0,), (2,))).letters == type_of_sites(216, ((0,), (3,))).letters


@pytest.mark.parametrize(
    ('letters', 'orders'), [(((0,), (1,)), {(0, 1), (1, 0)}), (((0,), (2,)), {(0, 1)})]
)
def test_orders_are_those_that_crystals_cannot_tell_apart(letters, orders):
    """The ions of rock salt can change places, those of fluorite cannot."""
    assert set(type_of_sites(225, letters).orders) == orders


def test_order_names_the_element_of_each_role():
    """Elements in the order of the roles have the letters of the type."""
    kind = type_of_sites(225, ((2,), (0,)))
    assert kind.letters == ((0,), (2,))
    assert kind.orders == ((1, 0),)

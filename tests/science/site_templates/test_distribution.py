"""Laws of the statistics of sites."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_crystalgen.science.site_templates import SiteDistribution


def test_descriptions_of_one_type_are_counted_together(known):
    """All seven salts have one type, whichever atom is at the origin."""
    kinds = known.known[2]
    rows = np.flatnonzero((kinds.groups == 225) & (kinds.amounts == 1).all(axis=1))
    assert len(rows) == 1
    assert (kinds.owners == rows[0]).sum() == 7


def test_roles_tell_which_element_stands_where(known):
    """The metals of both perovskites are in the roles of A and B, whichever is at the origin."""
    kinds = known.known[3]
    rows = np.flatnonzero((kinds.groups == 221) & (kinds.atoms == 5))
    elements = kinds.elements[kinds.owners == rows[0]]
    assert len(rows) == 1
    assert {tuple(sorted({38, 56, 22, 8} & set(column))) for column in elements.T.tolist()} == {
        (38, 56),
        (22,),
        (8,),
    }


def test_the_commonest_description_is_kept(templates):
    """Of two descriptions of a type, the one of more crystals."""
    listed = [(221, {'Sr': 'b', 'Ti': 'a', 'O': 'd'}), (221, {'Ba': 'b', 'Ti': 'a', 'O': 'd'})]
    fitted = SiteDistribution.fit(templates([(221, {'Ca': 'a', 'Ti': 'b', 'O': 'c'}), *listed]))
    assert sorted(fitted.letters.tolist()) == [0, 1, 3]


def test_repeated_compounds_count_once(templates):
    """A compound that is listed twice says no more than one listed once."""
    salt, other = (225, {'Na': 'a', 'Cl': 'b'}), (225, {'K': 'a', 'Cl': 'b'})
    fitted = SiteDistribution.fit(templates([salt, salt, other]))
    assert fitted.compound_counts.tolist() == [2]


def test_weights_hold_everything(known):
    """A distribution comes back from its arrays as it was."""
    again = SiteDistribution.from_weights({**known.to_weights(), 'another': np.zeros(3)})
    for name in SiteDistribution.__annotations__:
        assert np.array_equal(getattr(known, name), getattr(again, name))


def test_weights_are_small(known):
    """A compound takes a byte for each element."""
    weights = known.to_weights()
    assert weights['site_templates.elements'].dtype == np.uint8
    assert sum(one.nbytes for one in weights.values()) < 2000


def test_foreign_weights_are_refused():
    """The message names what is missing."""
    with pytest.raises(ValueError, match=r"lack 'site_templates\.groups'"):
        SiteDistribution.from_weights({'network': np.zeros(3)})


def test_no_crystals_are_refused(templates):
    """There is nothing to learn from none, or from crystals of too many elements."""
    many = dict.fromkeys(('Li', 'Be', 'B', 'C', 'N', 'O', 'F'), 'a')
    with pytest.raises(ValueError, match='none of the 1 crystals'):
        SiteDistribution.fit(templates([(1, many)]))


def test_group_shares_back_off(known):
    """They add up to one, follow the counts, and leave something for every space group."""
    counts = known.group_counts[2]
    shares = known.group_shares(counts, 1.0)
    assert shares.sum() == pytest.approx(1)
    assert shares.argmax() == 225
    assert shares[1:].min() > 0
    assert shares[0] == 0


def test_orbit_rates_follow_the_crystals(known):
    """With little backing off they are the mean numbers of orbits; unseen positions get some."""
    rates = known.orbit_rates(62, 1e-6)
    assert rates[:4] == pytest.approx([0, 1, 2, 1], abs=1e-4)
    assert known.orbit_rates(47, 1.0).min() > 0

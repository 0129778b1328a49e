"""What two searches found together and alone."""

from dataclasses import replace

import pytest

from aiida_crystalgen import queries
from aiida_crystalgen.queries import comparison
from aiida_crystalgen.queries.comparison import compare_searches
from aiida_crystalgen.queries.phases import PhaseTable
from aiida_crystalgen.queries.search_report import search_report
from aiida_crystalgen.report.page import render

OTHER = -1


@pytest.fixture
def with_other(finished_search, monkeypatch):
    """Return a function that makes another search, which found these of the small one's phases."""
    real = {name: getattr(comparison, name) for name in ('find_search', 'phases', 'searches')}
    (search,) = queries.searches()

    def make(rows):
        found = {OTHER: PhaseTable(tuple(rows))}
        other = replace(search, pk=OTHER, label='other')
        changes = {
            'find_search': lambda one: one if one == OTHER else real['find_search'](one),
            'phases': lambda search: found.get(search) or real['phases'](search=search),
            'searches': lambda one: (other,) if one == OTHER else real['searches'](one),
            'count_stages': lambda one: {'rdf_vae': {'proposed': abs(one)}},
        }
        for name, change in changes.items():
            monkeypatch.setattr(comparison, name, change)
        return search.pk

    return make


def test_a_search_that_found_the_same_is_all_in_common(with_other):
    """Every phase equals itself and no other."""
    rows = queries.phases().rows
    found = compare_searches(with_other(rows), OTHER)
    assert [(pair.first.label, pair.second.label) for pair in found.both] == [
        (row.label, row.label) for row in rows
    ]
    assert found.only_first == found.only_second == ()
    assert found.is_comparable


def test_what_one_search_missed_is_only_in_the_other(with_other):
    """Phases come in their own order on both sides."""
    rows = queries.phases().rows
    found = compare_searches(with_other(rows[1:]), OTHER)
    assert [one.label for one in found.only_first] == [rows[0].label]
    assert len(found.both) == len(rows) - 1
    assert found.second.totals == {'proposed': 1}


def test_other_engines_are_noticed(with_other):
    """The structures are compared all the same."""
    engine = {**queries.phases()[0].engine, 'version': 'another'}
    rows = [row.model_copy(update={'engine': engine}) for row in queries.phases()]
    found = compare_searches(with_other(rows), OTHER)
    assert not found.is_comparable
    assert found.both
    assert 'another' in found.second.engine


def test_a_search_is_not_compared_with_itself(finished_search):
    """The sentence asks for another one."""
    with pytest.raises(ValueError, match='cannot be compared with itself'):
        compare_searches(finished_search.pk, 'small')


def test_the_report_shows_the_other_search(with_other):
    """The page of a search has a section for the comparison, if one was asked for."""
    pk = with_other(queries.phases().rows[:1])
    section = '<section class="card" id="comparison">'
    assert section in render(search_report(pk, compare=OTHER))
    assert section not in render(search_report(pk))

"""Tests of `aiida_crystalgen.science.sources.optimade`."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.sources.optimade import read_optimade

FILTER = 'elements HAS "Si"'


def query(
    address: str, *, limit: int = 100, timeout: float = 5.0, text: str = FILTER
) -> CrystalSet:
    """Return what a database answers."""
    return read_optimade(address, text, limit=limit, timeout=timeout, shortest_distance=0.5)


@pytest.fixture
def two_pages(server):
    """Return a server that answers with nine structures on two pages."""
    server.answer('/v1/structures', 'optimade_page_1.json', 'optimade_page_2.json')
    return server


def test_structures_of_all_pages_are_read(two_pages):
    """The crystals of both pages are labelled by their identifiers."""
    crystals = query(two_pages.address)
    assert crystals['label'].tolist() == ['agm-1', 'agm-2']
    assert crystals.counts.tolist() == [2, 8]
    np.testing.assert_allclose(crystals.volumes, [5.43**3 / 4, 6.02**3])
    np.testing.assert_allclose(
        shortest_distances(crystals), [5.43 * np.sqrt(3) / 4, 3.01], rtol=1e-6
    )


def test_what_cannot_be_used_is_told(two_pages):
    """Each structure that is no ordered crystal has its reason."""
    rejected = query(two_pages.address).metadata['source']['rejected']
    reasons = {
        'agm-3': 'partial occupancy',
        'agm-4': 'partial occupancy',
        'agm-5': 'periodic along 2 of 3 directions',
        'agm-6': 'gives no cartesian_site_positions',
        'agm-7': 'is no element',
        'agm-8': "KeyError: 'Sj'",
        'agm-9': 'atoms overlap',
    }
    assert {*rejected} == {*reasons}
    assert all(reasons[name] in rejected[name] for name in reasons)


def test_the_source_is_recorded(two_pages):
    """Address, filter, provider and the number that fulfil the filter are facts of the set."""
    source = query(two_pages.address).metadata['source']
    assert source['kind'] == 'optimade'
    assert source['filter'] == FILTER
    assert source['provider'] == 'Example database'
    assert source['matching'] == 9
    assert source['url'] == f'{two_pages.address}/v1/structures'


def test_the_filter_and_only_what_is_needed_is_asked_for(two_pages):
    """The first request has the filter and the fields, the second is the link that was given."""
    query(two_pages.address)
    (_, first, _), (_, second, _) = two_pages.requests
    assert first['filter'] == FILTER
    assert 'lattice_vectors' in first['response_fields'].split(',')
    assert second['page_offset'] == '5'


def test_no_more_is_asked_for_than_the_limit(two_pages):
    """With enough structures on the first page the second is not asked for."""
    assert query(two_pages.address, limit=1)['label'].tolist() == ['agm-1']
    assert len(two_pages.requests) == 1


@pytest.mark.parametrize('ending', ['', '/', '/v1', '/v1/', '/v1/structures'])
def test_the_base_url_may_have_the_version(server, ending):
    """The address of a provider is taken as providers write it."""
    server.answer('/v1/structures', 'optimade_page_2.json')
    assert len(query(server.address + ending)) == 1


def test_a_refused_filter_is_told_in_the_words_of_the_database(server):
    """What is wrong with a filter is in the message."""
    server.answer('/v1/structures', 'optimade_bad_filter.json', status=400)
    with pytest.raises(
        ValueError, match=r"refused .* status 400: Unexpected end-of-input near 'HAS'"
    ):
        query(server.address, text='elements HAS')


def test_no_structures_are_refused(server):
    """A filter that nothing fulfils gives no empty dataset."""
    server.answer('/v1/structures', 'optimade_nothing.json')
    with pytest.raises(ValueError, match='no structures were found'):
        query(server.address)


def test_no_network_is_one_sentence(unused_address):
    """A database that cannot be reached is named, with what to do instead."""
    with pytest.raises(ValueError, match=r'could not reach 127\.0\.0\.1.*import files instead'):
        query(unused_address)


def test_an_unknown_page_is_one_sentence(server):
    """An address that is no OPTIMADE database is refused with the status."""
    with pytest.raises(ValueError, match='status 404: Not Found'):
        query(server.address)


def test_an_address_is_needed():
    """A name is no address."""
    with pytest.raises(ValueError, match="'alexandria' is no web address"):
        query('alexandria')

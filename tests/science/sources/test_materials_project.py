"""Tests of `aiida_crystalgen.science.sources.materials_project`."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.sources.materials_project import read_materials_project


@pytest.fixture
def key(monkeypatch) -> str:
    """Return the key that the environment holds."""
    monkeypatch.setenv('MP_API_KEY', 'secret')
    return 'secret'


def query(address: str, text: str = 'SnSe', *, limit: int = 100) -> CrystalSet:
    """Return what the database answers."""
    return read_materials_project(
        text, limit=limit, timeout=5.0, shortest_distance=0.5, address=address
    )


@pytest.fixture
def database(server, key):
    """Return a server that answers with three materials on two pages."""
    server.answer('/heartbeat', 'materials_project_heartbeat.json')
    pages = ('materials_project_page_1.json', 'materials_project_page_2.json')
    server.answer('/materials/thermo/', *pages)
    return server


def test_crystals_have_energies_and_identifiers(database):
    """Each material is labelled by its identifier and has the energies of the database."""
    crystals = query(database.address)
    assert crystals['label'].tolist() == ['mp-2693', 'mp-691', 'mp-117']
    assert crystals.counts.tolist() == [2, 8, 2]
    np.testing.assert_allclose(crystals['energy'], [-4.9, -4.945, -4.0])
    np.testing.assert_allclose(crystals['energy_above_hull'], [0.045, 0.0, 0.0])
    assert crystals.columns['energy'].unit == 'eV/atom'


def test_engine_version_and_licence_are_recorded(database):
    """The energies are marked with the functional, the set with version and licences."""
    metadata = query(database.address).metadata
    assert metadata['engine']['name'] == 'GGA_GGA+U'
    assert metadata['engine']['version'] == '2025.09.25'
    assert metadata['source']['licence'] == 'CC BY 4.0, CC BY-NC 4.0'
    assert '10.1063/1.4812323' in metadata['source']['citation']


def test_the_key_is_sent_and_not_recorded(database):
    """The key is a header of each request, and nowhere in the set."""
    crystals = query(database.address)
    assert all(headers['X-API-KEY'] == 'secret' for _, _, headers in database.requests)
    assert 'secret' not in str(crystals.metadata)


@pytest.mark.parametrize(
    ('text', 'selection'),
    [
        ('SnSe', {'formula': 'SnSe'}),
        ('Sn-Se', {'chemsys': 'Se,Sn,Se-Sn'}),
        ('Sn-Se-O', {'chemsys': 'O,Se,Sn,O-Se,O-Sn,Se-Sn,O-Se-Sn'}),
    ],
)
def test_systems_include_their_subsystems(database, text, selection):
    """A formula is asked for as it is, a system with all elements and mixtures in it."""
    query(database.address, text)
    _, parameters, _ = database.requests[1]
    assert selection.items() <= parameters.items()
    assert parameters['thermo_types'] == 'GGA_GGA+U'


def test_pages_follow_each_other(database):
    """The second page starts where the first one ended."""
    query(database.address)
    assert [parameters['_skip'] for _, parameters, _ in database.requests[1:]] == ['0', '2']


def test_no_more_is_asked_for_than_the_limit(database):
    """The limit is part of the request."""
    assert len(query(database.address, limit=2)) == 2
    assert database.requests[-1][1]['_limit'] == '2'


def test_a_missing_key_is_one_sentence(monkeypatch):
    """Without a key the message says where to get one and where to put it."""
    monkeypatch.delenv('MP_API_KEY', raising=False)
    with pytest.raises(ValueError, match=r'environment variable MP_API_KEY; get one at https'):
        query('http://127.0.0.1')


def test_a_refused_key_is_told_in_the_words_of_the_database(server, key):
    """A wrong key is told as such."""
    server.answer('/heartbeat', 'materials_project_bad_key.json', status=403)
    with pytest.raises(ValueError, match='status 403: Invalid authentication'):
        query(server.address)


def test_no_network_is_one_sentence(unused_address, key):
    """Without network the message says what to do instead."""
    with pytest.raises(ValueError, match=r'could not reach .* import files instead'):
        query(unused_address)


def test_nothing_found_is_refused(server, key):
    """A formula that is not in the database gives no empty dataset."""
    server.answer('/heartbeat', 'materials_project_heartbeat.json')
    server.answer('/materials/thermo/', 'materials_project_nothing.json')
    with pytest.raises(ValueError, match='no structures were found'):
        query(server.address)

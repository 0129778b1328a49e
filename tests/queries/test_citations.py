"""What to cite with a search."""

import re
from importlib.resources import files

import pytest
import yaml
from aiida import orm
from aiida.common.links import LinkType

from aiida_crystalgen.data.convert import node_from_checkpoint
from aiida_crystalgen.data.shipped import shipped_model
from aiida_crystalgen.queries.citations import citations, names_of_search, publications
from aiida_crystalgen.science.checkpoint import Checkpoint


def all_names():
    """Return every name that something is cited for."""
    text = files('aiida_crystalgen.queries').joinpath('publications.yaml').read_text('utf-8')
    return {name for entry in yaml.safe_load(text).values() for name in entry['for']}


def keys(names):
    """Return the keys of what is cited for these names."""
    return {one.key for one in publications(names)}


def test_every_search_cites_what_it_stands_on():
    """AiiDA, spglib and pymatgen have a part in every search."""
    assert {'huber2020', 'uhrin2021', 'ong2013', 'togo2024', 'aiida-crystalgen'} == keys([])


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('rdf_vae', {'lee2021', 'fredericks2021', 'ansel2024'}),
        ('site_network', {'ryan2018', 'mehl2017', 'ansel2024'}),
        (
            'score_langevin',
            {'sultanov2023', 'vincent2011', 'song2019', 'song2021', 'drautz2019', 'ansel2024'},
        ),
        ('triplets', {'gasteiger2020'}),
        ('vasp', {'kresse1996cms', 'kresse1996prb', 'kresse1999'}),
        ('PhononWorkChain', {'togo2023jpcm', 'togo2023jpsj', 'hinuma2017'}),
        ('no such thing', set()),
    ],
)
def test_names_call_for_their_publications(name, expected):
    """A name adds what is cited for it, and nothing else."""
    assert keys([name]) - keys([]) == expected


def test_small_search_cites_what_it_used(finished_search):
    """Generators, potential and its package, minimiser and known crystals; no DFT."""
    names = names_of_search(finished_search.pk)
    wanted = {'rdf_vae', 'random_symmetric', 'stillinger-weber', 'matscipy', 'prototypes'}
    assert wanted <= names
    found = keys(names)
    assert {'lee2021', 'stillinger1985', 'grigorev2024', 'mehl2017'} <= found
    assert not found & {'kresse1999', 'giannozzi2009', 'togo2023jpcm', 'aiida-vasp'}


def test_shipped_models_cite_their_data(aiida_profile_clean):
    """A search with a shipped model is owed to who made its data; a user's label means nothing."""
    search = orm.WorkChainNode(process_type='aiida.workflows:crystalgen.search')
    model = shipped_model('site_network')
    mine = node_from_checkpoint(Checkpoint('rdf_vae', {}, {}))
    mine.label = 'vasp'
    search.base.links.add_incoming(mine.store(), LinkType.INPUT_WORK, 'checkpoints__rdf_vae')
    search.base.links.add_incoming(model, LinkType.INPUT_WORK, 'checkpoints__site_network')
    search.store()
    found = keys(names_of_search(search.pk))
    assert 'jain2013' in found
    assert 'kresse1999' not in found


def test_entries_are_complete():
    """An article has an author, a year and, save one, a DOI; a program has an address."""
    everything = publications(all_names())
    assert len(everything) == len({one.key for one in everything})
    for one in everything:
        assert one.authors
        assert bool(one.journal) == bool(one.year) != bool(one.url)
    without = {one.key for one in everything if one.journal and not one.doi}
    assert without == {'lee2021'}


def test_bibtex_is_balanced():
    """Every entry opens and closes its braces, and separates its authors by 'and'."""
    for one in publications(all_names()):
        text = one.bibtex
        assert text.count('{') == text.count('}')
        assert re.match(r'@(article|misc)\{[\w-]+,\n', text)
        assert text.count(' and ') >= len(one.authors) - 1


def test_text_names_authors_and_place():
    """The reference reads as in a list of references."""
    (one,) = (one for one in publications(['tersoff']) if one.key == 'tersoff1989')
    assert one.text.startswith('J. Tersoff, Modeling solid-state chemistry')
    assert one.text.endswith('Physical Review B 39, 5566–5568 (1989).')
    assert citations(['tersoff'])[0].doi

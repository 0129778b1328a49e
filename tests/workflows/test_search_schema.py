"""The JSON schema of search files."""

import pytest
import yaml
from jsonschema import Draft202012Validator

from aiida_crystalgen.cli.search_file import read_search_file
from aiida_crystalgen.cli.search_inputs import build_search
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.workflows.protocol import available_protocols, protocol_inputs
from aiida_crystalgen.workflows.search_schema import search_schema

REQUIRED = {'composition': 'Si', 'references': {'dataset': 'silicon'}}


@pytest.fixture(scope='module')
def schema():
    """Return the schema of search files."""
    return search_schema()


@pytest.fixture
def known(aiida_profile_clean):
    """Store the dataset that the search files of this module name."""
    crystals = prototypes('Si', volume_per_atom=20.4, maximum_atoms=4)
    add_dataset(node_from_crystals(crystals), 'silicon')


def problems(schema, **keys):
    """Return where a search file does not fulfil the schema."""
    errors = Draft202012Validator(schema).iter_errors({**REQUIRED, **keys})
    return [error.json_path for error in errors]


def described(schema):
    """Yield the description of every key, those inside others included."""
    for one in schema.get('properties', {}).values():
        yield one.get('description', '')
        for inner in (one, *one.get('anyOf', []), one.get('items', {})):
            yield from described(inner)


def test_it_is_a_schema(schema):
    """The schema is one."""
    Draft202012Validator.check_schema(schema)


def test_every_key_of_a_search_is_there(schema):
    """All keys that a protocol has, at any depth, are in the schema and described."""

    def missing(values, place):
        for key, value in values.items():
            if key not in place['properties']:
                yield key
            elif isinstance(value, dict) and value:
                yield from missing(value, place['properties'][key])

    assert list(missing(protocol_inputs('search'), schema)) == []
    assert list(missing(protocol_inputs('relax'), schema['properties']['relax'])) == []
    assert all(described(schema))


@pytest.mark.parametrize('protocol', available_protocols('search'))
def test_protocols_fulfil_it(schema, protocol):
    """What a protocol gives is what a search file may say."""
    assert problems(schema, **protocol_inputs('search', protocol)) == []


RIGHT = [
    {'composition': ['SnSe', 'SnSe2']},
    {'composition': {'system': ['Sn', 'Se'], 'atoms': 6}},
    {'references': 'silicon'},
    {'budget': {'rounds': 3, 'hours': 1.5}},
    {'generators': [{'method': 'rdf_vae', 'share': 2, 'settings': {'replicas': {'grid': 10}}}]},
    {'verify': {'engine': 'potential', 'shortlist': 2}},
    {'relax': {'potential': 'stillinger-weber', 'fmax': 0.01}},
]
WRONG = [
    ({'candidates': -2}, '$.candidates'),
    ({'candidates': 'many'}, '$.candidates'),
    ({'cell': 'unit'}, '$.cell'),
    ({'compositon': 'Si'}, '$'),
    ({'formula_units': 4}, '$.formula_units'),
    ({'generators': [{'method': 'random'}]}, '$.generators[0].method'),
    ({'generators': [{'method': 'rdf_vae', 'shares': 2}]}, '$.generators[0]'),
    (
        {'generators': [{'method': 'rdf_vae', 'settings': {'epoch': 2}}]},
        '$.generators[0].settings',
    ),
    ({'protocol': 'fats'}, '$.protocol'),
    ({'relax': {'potential': 'mace'}}, '$.relax.potential'),
    ({'relax': {'fmax': 0}}, '$.relax.fmax'),
    ({'screening': {'similar_to': ['everything']}}, '$.screening.similar_to[0]'),
    (
        {'stability': {'phonons': 'perhaps'}, 'verify': {'engine': 'potential'}},
        '$.stability.phonons',
    ),
    ({'budget': {'rounds': 0}}, '$.budget.rounds'),
    ({'verify': {'engine': 'vap'}}, '$.verify'),
]


@pytest.mark.parametrize('keys', RIGHT, ids=str)
def test_right_keys_are_accepted(schema, keys):
    """The schema accepts what the launcher takes."""
    assert problems(schema, **keys) == []


@pytest.mark.parametrize(('keys', 'place'), WRONG, ids=str)
def test_wrong_keys_are_refused_at_their_place(schema, keys, place):
    """A wrong key or value is refused where it stands."""
    assert place in problems(schema, **keys)


@pytest.mark.parametrize('keys', [keys for keys, _ in WRONG], ids=str)
def test_launcher_refuses_the_same(known, tmp_path, keys):
    """What the schema refuses, the launcher does too, with the line and the name of the key."""
    path = tmp_path / 'search.yaml'
    path.write_text(yaml.safe_dump({**REQUIRED, 'protocol': 'fast', **keys}, sort_keys=False))
    with pytest.raises(ValueError, match=r'search\.yaml, line \d+: ') as refusal:
        build_search(read_search_file(path))
    assert next(iter(keys)) in str(refusal.value)

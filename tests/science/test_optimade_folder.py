"""Folders that optimade-maker serves."""

import json
import re

import numpy as np
import pytest
import yaml
from ase.io import read

from aiida_crystalgen.science.crystals import Column
from aiida_crystalgen.science.optimade_folder import write_optimade_folder


@pytest.fixture
def crystals(silicon):
    """Return three crystals with properties of every type."""
    return silicon(5.3, 5.4, 5.5).with_columns(
        record=np.array(['b-1', 'a-2', 'c-3']),
        energy=Column(np.array([-1.5, 0.0, np.nan]), 'eV/atom'),
        space_group=np.array([227, 227, 227]),
        emulated=np.array([False, True, False]),
        fingerprint=np.zeros((3, 2)),
    )


@pytest.fixture
def folder(crystals, tmp_path):
    """Return a folder with the crystals."""
    write_optimade_folder(crystals, tmp_path / 'db', 'Silicon.', identifier='record')
    return tmp_path / 'db'


def test_every_property_is_defined_with_type_and_unit(folder):
    """Names are those that OPTIMADE allows, and what is defined is what is given."""
    (entry,) = yaml.safe_load((folder / 'optimade.yaml').read_text())['entries']
    defined = {one['name']: one for one in entry['property_definitions']}
    assert {name: one['type'] for name, one in defined.items()} == {
        'record': 'string',
        'energy': 'float',
        'space_group': 'integer',
        'emulated': 'boolean',
    }
    assert defined['energy']['unit'] == 'eV/atom'
    assert all(re.fullmatch('[a-z_][a-z_0-9]*', name) for name in defined)
    properties = json.loads((folder / 'properties.json').read_text())
    assert all({*values} == {*defined} for values in properties.values())


def test_properties_belong_to_structures(crystals, folder):
    """Each identifier has a crystal and its numbers; unknown ones are null."""
    (entry,) = yaml.safe_load((folder / 'optimade.yaml').read_text())['entries']
    properties = json.loads((folder / 'properties.json').read_text())
    files = entry['entry_paths'][0]['matches']
    assert [name.removesuffix('.cif') for name in files] == list(properties)
    assert [one['energy'] for one in properties.values()] == [-1.5, 0.0, None]
    volumes = [read(folder / 'structures' / name).get_volume() for name in files]
    np.testing.assert_allclose(volumes, crystals.volumes, rtol=1e-7)


# It leaves the configuration file open.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_optimade_maker_converts_the_folder(folder):
    """Every entry is a valid OPTIMADE structure with our properties."""
    convert = pytest.importorskip('optimade_maker.convert')
    from optimade.models import StructureResource

    lines = convert.convert_archive(folder).read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    structures = {one['id']: one for one in entries if one.get('type') == 'structures'}
    assert {*structures} == {'b-1', 'a-2', 'c-3'}
    for one in structures.values():
        assert StructureResource(**one).attributes.nsites == 8
    assert structures['b-1']['attributes']['_optimake_energy'] == -1.5
    assert structures['c-3']['attributes']['_optimake_energy'] is None


def test_structures_are_valid_entries(folder):
    """What the tools of OPTIMADE make of each file is a structure as the specification wants it."""
    adapters = pytest.importorskip('optimade.adapters')
    for file in (folder / 'structures').iterdir():
        entry = adapters.Structure.ingest_from(read(file)).entry
        assert entry.attributes.chemical_formula_reduced == 'Si'
        assert entry.attributes.nsites == 8


@pytest.mark.parametrize('names', [['a', 'a', 'b'], ['a', 'b', 'c/d']])
def test_identifiers_have_to_be_names(crystals, tmp_path, names):
    """Neither two entries of one name nor a name that is a path are written."""
    with pytest.raises(ValueError, match=r"2 different|'c/d'"):
        write_optimade_folder(
            crystals.with_columns(record=np.array(names)), tmp_path, '', identifier='record'
        )
    assert not list(tmp_path.iterdir())

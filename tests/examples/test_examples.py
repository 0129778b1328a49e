"""The examples are run one after the other, as their reader would."""

import runpy
from pathlib import Path

import pytest
import yaml
from aiida import orm
from jsonschema import Draft202012Validator

from aiida_crystalgen.cli.search_file import read_search_file
from aiida_crystalgen.cli.search_inputs import build_search
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.workflows.search_schema import search_schema

EXAMPLES = Path(__file__).parents[2] / 'examples'
SCRIPTS = sorted(EXAMPLES.glob('*.py'))
FILES = sorted(EXAMPLES.glob('*.yaml'))
PRINTS = {
    '01_import_data': '2 crystals from files',
    '02_search_silicon': 'P1  Fd-3m',
    '03_campaign': 'finished: True',
    '04_stability': 'mechanically stable: True',
    '05_provenance': 'trained on',
}


@pytest.mark.slow
def test_examples_run_in_order(aiida_profile_clean, capsys):
    """Each example that needs no other program works after those before it."""
    for name, words in PRINTS.items():
        runpy.run_path(str(EXAMPLES / f'{name}.py'), run_name='__main__')
        assert words in capsys.readouterr().out, name


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.stem)
def test_examples_are_short_and_say_how_to_run_them(script):
    """An example has less than 60 lines, and its docstring has the command."""
    text = script.read_text()
    assert len(text.splitlines()) < 60
    assert f'verdi run examples/{script.name}' in text.split('"""')[1]
    compile(text, script.name, 'exec')


@pytest.mark.parametrize('file', FILES, ids=lambda path: path.stem)
def test_search_files_fulfil_the_schema(file):
    """Editors that know the schema find nothing wrong with an example."""
    errors = Draft202012Validator(search_schema()).iter_errors(yaml.safe_load(file.read_text()))
    assert [f'{error.json_path}: {error.message}' for error in errors] == []


@pytest.mark.parametrize('name', ['03_campaign', 'silicon', 'snse'])
def test_search_files_can_be_launched(name, aiida_profile_clean, crystalgen_code):
    """The launcher accepts an example where its dataset and its code are there."""
    crystalgen_code.label = 'crystalgen'
    for composition, label in (('Si', 'si-prototypes'), ('SnSe', 'snse-known')):
        known = prototypes(composition, volume_per_atom=20.4, maximum_atoms=4)
        add_dataset(node_from_crystals(known), label)
    request = read_search_file(EXAMPLES / f'{name}.yaml')
    if request.code is not None:
        assert orm.load_code(request.code).uuid == crystalgen_code.uuid
    assert build_search(request)['generators']

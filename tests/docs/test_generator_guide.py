"""The guide to generators is enough to write one: its files are installed and used as they are."""

import subprocess
import sys

import pytest
from aiida.engine import run_get_node
from jsonschema import Draft202012Validator
from yaml import safe_load

from aiida_crystalgen.cli.search_file import read_search_file
from aiida_crystalgen.cli.search_inputs import build_search
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.workflows.search_schema import search_schema

PAGE = 'howto/write_a_generator.md'


@pytest.fixture(scope='module')
def guide(blocks):
    """Return the files of the guide by their names."""
    return {block.caption: block.text for block in blocks(PAGE) if block.caption}


@pytest.fixture(scope='module')
def installed(guide, tmp_path_factory):
    """Return the folder into which the package of the guide is installed."""
    source = tmp_path_factory.mktemp('crystalgen-shaken')
    (source / 'crystalgen_shaken').mkdir()
    (source / 'crystalgen_shaken' / '__init__.py').touch()
    for name, text in guide.items():
        (source / name).write_text(text)
    target = tmp_path_factory.mktemp('installed')
    pip = [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation']
    subprocess.run([*pip, '--no-index', '--target', target, source], check=True)
    return target


@pytest.fixture
def plugin(installed, monkeypatch):
    """Put the package on the path for the length of a test."""
    monkeypatch.syspath_prepend(str(installed))


def test_method_has_sixty_lines_of_code(guide):
    """The method of the guide is short."""
    lines = guide['crystalgen_shaken/generator.py'].splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 60


def test_method_works_without_aiida(plugin, blocks):
    """The last block of the guide trains the method and proposes with it."""
    code = [block.text for block in blocks(PAGE) if block.language == 'python']
    names = {}
    exec(code[-1], names)  # noqa: S102
    crystals = names['crystals']
    assert len(crystals) == 100
    assert set(crystals.counts) == {2, 4}


def test_method_takes_part_in_a_search(plugin, guide, aiida_profile_clean, tmp_path):
    """A search trains the method, proposes with it, and finds phases that lead back to it."""
    known = prototypes('Si', volume_per_atom=20.4, maximum_atoms=4)
    add_dataset(node_from_crystals(known), 'si-prototypes')
    text = guide['search.yaml'] + 'relax: {potential: stillinger-weber, processes: 1}\n'
    assert list(Draft202012Validator(search_schema()).iter_errors(safe_load(text))) == []
    path = tmp_path / 'search.yaml'
    path.write_text(text)
    outputs, node = run_get_node(build_search(read_search_file(path)))
    assert node.is_finished_ok, node.exit_message
    records = [one for name, one in outputs['records'].items() if name.endswith('_record')]
    assert {one['generator'] for one in records} == {'shaken'}
    settings = outputs['checkpoints']['shaken'].settings
    assert settings == {'strain': 0.05, 'displacement': 0.4}

"""Blocks of code in guides are what they say they are."""

import ast
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from aiida_crystalgen.workflows.search_schema import search_schema

DOCS = Path(__file__).parents[2] / 'docs'
PAGES = sorted(
    str(path.relative_to(DOCS)) for path in DOCS.rglob('*.md') if '_build' not in path.parts
)
OTHER = {'default_protocol', 'aiida'}  # of YAML that is no search file


@pytest.mark.parametrize('page', PAGES)
def test_python_is_python(blocks, page):
    """Each block of Python can be parsed."""
    for block in blocks(page):
        if block.language == 'python':
            ast.parse(block.text)


@pytest.mark.parametrize('page', PAGES)
def test_parts_of_search_files_fulfil_the_schema(blocks, page):
    """What a guide shows of a search file has keys and values that a search takes."""
    schema = {**search_schema(), 'required': []}
    schema['properties']['relax']['properties']['potential'].pop('enum')
    schema['properties']['generators']['items']['properties']['method'].pop('enum')
    for block in blocks(page):
        content = yaml.safe_load(block.text) if block.language == 'yaml' else {}
        if not OTHER & set(content):
            errors = Draft202012Validator(schema).iter_errors(content)
            assert [f'{one.json_path}: {one.message}' for one in errors] == []

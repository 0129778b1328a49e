"""The schema of search files from the command line."""

import json

from click.testing import CliRunner

from aiida_crystalgen.cli.search_schema import schema
from aiida_crystalgen.workflows.search_schema import search_schema


def test_schema_is_printed_or_written(tmp_path):
    """What is printed and what is written is the schema, as JSON."""
    path = tmp_path / 'search.schema.json'
    printed = CliRunner().invoke(schema, [])
    written = CliRunner().invoke(schema, ['-o', str(path)])
    assert printed.exit_code == written.exit_code == 0
    assert json.loads(printed.output) == json.loads(path.read_text())
    assert set(json.loads(printed.output)['properties']) == set(search_schema()['properties'])

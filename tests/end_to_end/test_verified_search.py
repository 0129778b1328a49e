"""A search under the daemon whose phases are verified through aiida-vasp, with the emulator."""

import time

import pytest
from aiida.engine import submit
from click.testing import CliRunner

from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.queries.lineage import lineage
from aiida_crystalgen.queries.search_report import search_report
from aiida_crystalgen.report.page import render


@pytest.fixture
def verified(aiida_profile_clean, started_daemon_client, search_builder, vasp_emulator):
    """Return a search that ended with the lowest of its phases verified by emulated VASP."""
    code = vasp_emulator()
    verify = {
        'engine': 'vasp',
        'code': code.full_label,
        'potentials': 'EMULATED',
        'shortlist': 1,
        'references': 1,
        'options': {'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 1}},
    }
    node = submit(search_builder(formula_units=[8], verify=verify))
    end = time.monotonic() + 480
    while not node.is_terminated:
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.5)
    return node


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_phases_are_verified_and_marked_as_emulated(verified, tmp_path):
    """Phonons and elasticity come from VASP's chain, and every output says it was emulated."""
    assert verified.is_finished_ok, verified.exit_message
    record = verified.outputs.records.row_0_record
    assert record['space_group'] == 227
    assert record['phonons']['verdict'] in {'stable', 'acoustic noise'}
    assert record['elasticity']['stable']
    for engine in (record['engine'], record['phonons']['engine'], record['elasticity']['engine']):
        assert engine['emulated']
    labels = {child.process_label for child in verified.called_descendants}
    assert {'VaspCalculation', 'PhononWorkChain', 'ElasticWorkChain'} <= labels

    way = lineage(record.pk)
    assert [one.engine.get('emulated', False) for one in way.relaxations] == [True, False]
    assert len(way.training_structures) == verified.outputs.references.number
    run = CliRunner().invoke
    for command in (['phases', 'list'], ['phases', 'show', 'P1'], ['phases', 'trace', 'P1']):
        assert 'EMULATED' in run(crystalgen, command).output
    assert 'Emulated energies' in render(search_report(verified.pk))
    export = tmp_path / 'phases.extxyz'
    assert run(crystalgen, ['phases', 'export', '-o', str(export)]).exit_code == 0
    assert 'EMULATED' in export.read_text()

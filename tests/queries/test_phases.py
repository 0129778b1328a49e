"""Questions about phases."""

from datetime import datetime, timezone

import numpy as np
import pytest
from aiida.manage import get_manager
from sqlalchemy import event

from aiida_crystalgen import queries
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.queries.phases import PhaseRow, find_phase, phase_crystals
from aiida_crystalgen.science.records import PhaseRecord


@pytest.fixture
def statements(finished_search):
    """Return the list of SQL statements that are sent during the test."""
    engine = get_manager().get_profile_storage().get_session().get_bind()
    sent = []

    def note(connection, cursor, statement, *_):
        sent.append(statement)

    event.listen(engine, 'before_cursor_execute', note)
    yield sent
    event.remove(engine, 'before_cursor_execute', note)


def test_rows_have_all_fields_of_a_record():
    """What is recorded about a phase can be asked for."""
    assert set(PhaseRecord.model_fields) <= set(PhaseRow.model_fields)


def test_phases_come_lowest_first(finished_search):
    """The labels count up, and the energies with them."""
    table = queries.phases(search=finished_search.pk)
    assert table.label == [f'P{number}' for number in range(1, len(table) + 1)]
    assert table.energy_above_lowest == sorted(table.energy_above_lowest)
    assert set(table.search_uuid) == {finished_search.uuid}


def test_rows_name_the_nodes_of_the_graph(finished_search):
    """Record and structure of a phase are the outputs of its search for the same row."""
    records = finished_search.outputs.records
    for row, phase in enumerate(queries.phases()):
        assert phase.uuid == records[f'row_{row}_record'].uuid
        assert phase.structure_uuid == records[f'row_{row}_structure'].uuid


def test_number_of_statements_does_not_grow(finished_search, statements):
    """All phases take no more questions to the database than one."""
    find_phase('P1', search=finished_search.pk)
    few = len(statements)
    assert len(queries.phases(search=finished_search.pk)) > 1
    assert 0 < len(statements) - few <= few


@pytest.mark.parametrize(
    ('filters', 'holds'),
    [
        ({'elements': ['Si']}, lambda row: 'Si' in row.elements),
        ({'elements': {'Si', 'Ge'}}, lambda row: False),
        ({'elements': 'Si,Ge'}, lambda row: False),
        ({'chemical_system': 'Si'}, lambda row: True),
        ({'chemical_system': ['Si', 'Si']}, lambda row: True),
        ({'chemical_system': 'Ge-Si'}, lambda row: False),
        ({'composition': 'Si4'}, lambda row: row.reduced_formula == 'Si'),
        ({'composition': 'SiO2'}, lambda row: False),
        ({'engine': 'stillinger-weber'}, lambda row: True),
        ({'engine': 'vasp'}, lambda row: False),
        ({'emulated': True}, lambda row: row.is_emulated),
        ({'emulated': False}, lambda row: not row.is_emulated),
        ({'stable': True}, lambda row: row.is_stable is True),
        ({'stable': False}, lambda row: row.is_stable is False),
        ({'proposal_round': 1}, lambda row: row.proposal_round == 1),
        ({'proposal_round': 2}, lambda row: False),
        ({'since': datetime(2020, 1, 1)}, lambda row: True),
        ({'until': datetime(2020, 1, 1, tzinfo=timezone.utc)}, lambda row: False),
        ({'hull_below': None, 'new': None}, lambda row: True),
        ({'hull_below': 0.2}, lambda row: row.energy_above_hull <= 0.2),
        ({'space_group': 1}, lambda row: row.space_group == 1),
        ({'generator': 'rdf_vae'}, lambda row: row.generator == 'rdf_vae'),
        ({'new': True}, lambda row: row.known is None),
        ({'new': False}, lambda row: row.known is not None),
    ],
)
def test_filters_keep_what_they_say_and_nothing_else(finished_search, filters, holds):
    """A filter gives those of all phases for which its condition holds."""
    assert queries.phases(**filters).rows == tuple(row for row in queries.phases() if holds(row))


def test_space_group_is_asked_for_by_number(finished_search):
    """The filter by space group gives the phases that have it."""
    for number in set(queries.phases().space_group):
        assert set(queries.phases(space_group=number).space_group) == {number}


def test_table_becomes_a_dataframe(finished_search):
    """The table for pandas has a row for each phase and a column for each field that is a value."""
    table = queries.phases()
    frame = table.to_dataframe()
    assert list(frame.uuid) == [row.uuid for row in table.rows]
    assert set(PhaseRow.model_fields) - set(frame.columns) <= {
        *('diffraction', 'phonons', 'elasticity', 'versions', 'nodes')
    }
    assert list(queries.phases(elements=['Xe']).to_dataframe().columns) == list(frame.columns)


def test_table_becomes_a_dataframe_of_chosen_columns(finished_search):
    """Columns come in the order that they are asked for, nested ones as well."""
    frame = queries.phases().to_dataframe('energy', 'diffraction', 'structure_uuid')
    assert list(frame.columns) == ['energy', 'diffraction', 'structure_uuid']
    assert list(frame.energy) == [row.energy for row in queries.phases()]
    with pytest.raises(AttributeError, match="no field 'enrgy'"):
        queries.phases().to_dataframe('enrgy')


@pytest.mark.parametrize('name', sorted(PhaseRow.model_fields))
def test_field_alone_is_that_of_the_rows(finished_search, name):
    """A field that is read by itself has the values that it has in the rows."""
    rows = queries.phases().rows
    assert getattr(queries.phases(), name) == [getattr(row, name) for row in rows]


def test_parts_of_a_table_are_tables(finished_search):
    """A part, the sum of the parts and the sorted whole have the same phases."""
    table = queries.phases()
    assert (table[:2] + table[2:]).rows == table.rows
    assert table[-1] == table.rows[-1]
    by_volume = table.sorted_by('volume_per_atom')
    assert by_volume.volume_per_atom == sorted(table.volume_per_atom)
    assert {row.pk for row in by_volume} == set(table.pk)


def test_table_has_no_other_attributes(finished_search):
    """A misspelt field is an error, not an empty list."""
    with pytest.raises(AttributeError, match="no field 'enrgy'"):
        queries.phases().enrgy  # noqa: B018


def test_phase_is_found_by_all_its_names(finished_search):
    """Label, PK, UUID and the start of it stand for the same phase."""
    phase = find_phase('P2')
    for name in ('p2', str(phase.pk), phase.pk, phase.uuid, phase.uuid[:8]):
        assert find_phase(name) == phase
    assert find_phase('P2', search='small') == phase


@pytest.mark.parametrize('name', ['P999', '999999', 'nothing', '', 'Pbca'])
def test_unknown_phase_is_refused(finished_search, name):
    """A name that stands for no phase is told, and which there are."""
    with pytest.raises(ValueError, match=r'no phase'):
        find_phase(name)


@pytest.mark.parametrize(
    ('condition', 'error', 'words'),
    [
        ({'hull_belw': 0.1}, TypeError, "'hull_belw'.*'hull_below'"),
        ({'composition': 'nothing'}, ValueError, "'nothing' is no chemical formula"),
    ],
)
def test_impossible_conditions_are_refused(finished_search, condition, error, words):
    """A condition that means nothing is an error, not an empty table."""
    with pytest.raises(error, match=words):
        queries.phases(**condition)


def test_unknown_search_is_refused(finished_search):
    """A search that does not exist has no phases to look for."""
    with pytest.raises(ValueError, match="no search 'nowhere'"):
        queries.phases(search='nowhere')


def test_crystals_of_phases_are_those_of_the_search(finished_search):
    """Geometry and energies of the phases come back as the search wrote them."""
    crystals = phase_crystals(queries.phases().rows)
    written = crystals_from_node(finished_search.outputs.phases)
    np.testing.assert_allclose(crystals.lattices, written.lattices, atol=1e-10)
    np.testing.assert_allclose(
        crystals.cartesian_coordinates, written.cartesian_coordinates, atol=1e-9
    )
    np.testing.assert_allclose(crystals['energy'], written['energy'])

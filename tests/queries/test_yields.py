"""Yields round by round."""

from dataclasses import fields

from aiida_crystalgen import queries
from aiida_crystalgen.queries.yields import YieldRow, count_stages


def test_each_generator_has_a_row_a_round(finished_search):
    """The only round of the search has a row for each of its generators."""
    (one,) = queries.rounds(finished_search.pk)
    rows = queries.yields('small')
    assert [(row.round_number, row.round_pk, row.generator) for row in rows] == [
        (1, one.pk, 'random_symmetric'),
        (1, one.pk, 'rdf_vae'),
    ]


def test_rows_add_up_to_the_stages_of_the_search(finished_search):
    """With one round, what is counted for the search is what its rows hold."""
    for row in queries.yields(finished_search.pk):
        stages = count_stages(finished_search.pk)[row.generator]
        assert stages == {name: getattr(row, name) for name in stages}


def test_what_generators_gave_up_is_counted(finished_search):
    """All rows of a generator are counted, and those among them that it proposed."""
    proposals = finished_search.outputs.rounds.round_1.proposals
    for row in queries.yields(finished_search.pk):
        rejection = proposals[row.generator].get_array('column_rejection')
        assert (row.generated, row.proposed) == (len(rejection), (rejection == '').sum())


def test_phases_are_those_that_the_generator_proposed(finished_search):
    """The last number of a row is that of the phases with the label of the generator."""
    for row in queries.yields(finished_search.pk):
        assert row.phases == len(queries.phases(generator=row.generator))


def test_yields_become_a_dataframe(finished_search):
    """The table for pandas has a column a field."""
    frame = queries.yields(finished_search.pk).to_dataframe()
    assert list(frame.columns) == [one.name for one in fields(YieldRow)]
    assert frame.phases.sum() == len(queries.phases())

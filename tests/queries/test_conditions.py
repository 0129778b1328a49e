"""What can be asked of phases."""

from itertools import product

import pytest
from aiida import orm
from aiida.common.links import LinkType

from aiida_crystalgen import queries
from aiida_crystalgen.queries.searches import SEARCH

ENGINES = {
    'real': {'name': 'vasp', 'package': 'vasp', 'version': '6.4'},
    'emulated': {'name': 'vasp', 'package': 'vasp', 'version': '6.4', 'emulated': True},
}
PHONONS = (None, 'stable', 'acoustic noise', 'imaginary')
ELASTIC = (None, True, False)
COMBINATIONS = list(product(PHONONS, ELASTIC, ENGINES.values(), ENGINES.values()))


@pytest.fixture(scope='module')
def judged_search(finished_search):
    """Return a search whose phases have all combinations of verdicts and engines."""
    first = finished_search.outputs.records.row_0_structure
    record = orm.load_node(queries.phases(search=finished_search.pk)[0].pk).get_dict()
    search = orm.WorkChainNode(process_type=SEARCH).store()
    for row, (phonons, stable, engine, other) in enumerate(COMBINATIONS):
        content = record | {
            'label': f'P{row + 1}',
            'engine': engine,
            'phonons': phonons and {'verdict': phonons, 'engine': other},
            'elasticity': None if stable is None else {'stable': stable, 'engine': engine},
        }
        structure = first.clone()
        for name, node in (('record', orm.Dict(content)), ('structure', structure)):
            node.store().base.links.add_incoming(
                search, LinkType.RETURN, f'records__row_{row}_{name}'
            )
    search.base.attributes.set('exit_status', 0)
    return search.pk


@pytest.mark.parametrize('wanted', [True, False])
def test_stability_is_found_as_the_rows_say_it(judged_search, wanted):
    """The database judges all combinations of verdicts as a row does."""
    rows = queries.phases(search=judged_search).rows
    assert len(rows) == len(COMBINATIONS)
    found = queries.phases(search=judged_search, stable=wanted)
    assert found.label == [row.label for row in rows if row.is_stable is wanted]


@pytest.mark.parametrize('wanted', [True, False])
def test_emulation_is_found_as_the_rows_say_it(judged_search, wanted):
    """An emulated engine of the energy or of a verdict is found, wherever it is."""
    rows = queries.phases(search=judged_search).rows
    found = queries.phases(search=judged_search, emulated=wanted)
    assert found.label == [row.label for row in rows if row.is_emulated is wanted]


def test_stable_needs_both_verdicts(judged_search):
    """What was not measured makes no phase stable, and no phase unstable."""
    for row, (phonons, elastic, *_) in zip(
        queries.phases(search=judged_search), COMBINATIONS, strict=True
    ):
        if phonons == 'imaginary' or elastic is False:
            assert row.is_stable is False
        else:
            assert row.is_stable is (None if None in (phonons, elastic) else True)

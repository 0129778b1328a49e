"""How far a verification is, in words."""

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.queries.verification import describe_verification


@pytest.fixture
def work_chain(aiida_profile_clean):
    """Return a factory of work chains as the database has them while they run."""

    def build(parent=None, label='', state=ProcessState.WAITING, structures=None):
        node = orm.WorkChainNode()
        node.set_process_state(state)
        if structures is not None:
            node.base.links.add_incoming(structures, LinkType.INPUT_WORK, 'structures')
        if parent is not None:
            node.base.links.add_incoming(parent, LinkType.CALL_WORK, label)
        return node.store()

    return build


def test_the_check_the_phase_and_its_calculations_are_named(work_chain, silicon):
    """Of the engine below the check, the calculations that are done are counted."""
    verification = work_chain()
    assert describe_verification(verification.pk) == ''
    check = work_chain(verification, 'phonons_row_0001')
    assert describe_verification(verification.pk) == 'measure phonons of phase 2'
    structures = node_from_crystals(silicon(5.4, 5.5, 5.6)).store()
    engine = work_chain(check, 'forces', structures=structures)
    work_chain(engine, 'row_0000', ProcessState.FINISHED)
    work_chain(engine, 'row_0001')
    expected = 'measure phonons of phase 2, 1 of 3 calculations done'
    assert describe_verification(verification.pk) == expected


def test_the_engine_may_be_a_child_of_the_verification_itself(work_chain, silicon):
    """The shortlist is relaxed without a check in between."""
    verification = work_chain()
    structures = node_from_crystals(silicon(5.4)).store()
    work_chain(verification, 'relax', structures=structures)
    assert describe_verification(verification.pk).startswith('relax the shortlist, 0 of 1')

"""Tests of `aiida_crystalgen.calculations.functions.evaluate`."""

import numpy as np
import pytest
from aiida.engine import run_get_node

from aiida_crystalgen.calculations.functions.evaluate import evaluate
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.workflows.protocol import protocol_inputs

pytestmark = pytest.mark.usefixtures('aiida_profile')

SETTINGS = protocol_inputs('evaluate')


@pytest.fixture
def diamonds(silicon):
    """Return a node with crystals of some lattice constants."""
    return lambda *constants: node_from_crystals(silicon(*constants))


def test_measures_stand_beside_those_of_real_crystals(diamonds):
    """The dictionary holds both, and how many crystals they are of."""
    known = diamonds(5.3, 5.4, 5.5, 5.6)
    result = evaluate(generated=known, reference=known, settings=SETTINGS, seed=1, training=known)
    measures = result.get_dict()
    assert measures['numbers'] == {
        'generated': 4,
        'valid': 4,
        'reference': 4,
        'real': 4,
        'training': 4,
    }
    assert measures['generated']['precision'] == measures['real']['precision'] == 1
    assert measures['generated']['novel'] == 0
    assert np.isfinite(list(measures['generated'].values())).all()


def test_sets_too_small_end_with_an_exit_code(diamonds):
    """The message says which one and how many crystals it needs."""
    _, node = run_get_node(
        evaluate,
        generated=diamonds(5.4, 5.5),
        reference=diamonds(5.4),
        settings=SETTINGS,
        seed=1,
    )
    assert node.exit_status == 410
    assert 'reference set holds 1 crystals' in node.exit_message

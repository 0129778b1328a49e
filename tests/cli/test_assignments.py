"""Settings on the command line."""

import pytest

from aiida_crystalgen.cli.assignments import parse_assignments


def test_keys_nest_and_values_are_yaml():
    """Dots lead into mappings; numbers, words, lists and mappings are read as in a file."""
    texts = ['epochs=5', 'network.layers=3', 'network.cutoff=4.5', 'sites={Cu: 1}', 'device=cuda']
    assert parse_assignments(texts) == {
        'epochs': 5,
        'network': {'layers': 3, 'cutoff': 4.5},
        'sites': {'Cu': 1},
        'device': 'cuda',
    }


@pytest.mark.parametrize(
    ('texts', 'message'),
    [
        (['epochs'], "'epochs' is no setting"),
        (['=5'], "'=5' is no setting"),
        (['network..layers=5'], 'is no setting'),
        (['network=5', 'network.layers=3'], "contradicts the value that 'network' has"),
        (['sites={Cu: 1'], "the value of 'sites' is no YAML"),
    ],
)
def test_what_is_no_setting_is_named(texts, message):
    """The text that cannot be read is in the error."""
    with pytest.raises(ValueError, match=message.replace('.', r'\.')):
        parse_assignments(texts)

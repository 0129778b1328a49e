"""Protocols are complete, and an override that fits nothing is refused."""

import pytest

from aiida_crystalgen.workflows.protocol import available_protocols, protocol_inputs

NAMES = [
    'search',
    'relax',
    'train/rdf_vae',
    'propose/rdf_vae',
    'relax_vasp',
    'references',
    'phonon',
    'elastic',
    'characterization',
    'verify',
]
PROTOCOLS = ['fast', 'balanced', 'stringent', 'lee-chang-2021']


@pytest.mark.parametrize('name', NAMES)
def test_every_work_chain_has_all_protocols(name):
    """Each is there and says what it is for."""
    found = available_protocols(name)
    assert set(found) == set(PROTOCOLS)
    assert all(description.endswith('.') for description in found.values())


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_override_replaces_one_number_only(protocol):
    """All else stays as the protocol has it."""
    plain = protocol_inputs('search', protocol)
    changed = protocol_inputs('search', protocol, {'volume': {'tolerance': 0.05}})
    assert changed.pop('volume') == {**plain.pop('volume'), 'tolerance': 0.05}
    assert changed == plain


def test_what_is_given_out_can_be_changed():
    """A caller that changes its inputs changes nothing for the next one."""
    protocol_inputs('relax_vasp')['options'].clear()
    assert protocol_inputs('relax_vasp')['options']


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        ({'screning': {}}, "unknown key 'screning'. Did you mean 'screening'"),
        ({'screening': {'wthin': 0.1}}, "unknown key 'screening.wthin'. Did you mean 'within'"),
        ({'volume': 20}, "'volume' is 20; it must be a mapping"),
    ],
)
def test_override_that_fits_nothing_is_refused(overrides, message):
    """The sentence names the key, and the one that was probably meant."""
    with pytest.raises(ValueError, match=message):
        protocol_inputs('search', 'fast', overrides)


def test_unknown_protocol_is_refused():
    """The sentence names the protocol that was probably meant."""
    with pytest.raises(ValueError, match=r"unknown protocol 'balancd'.*'balanced'"):
        protocol_inputs('search', 'balancd')

"""From the protocols to the inputs of a verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiida import orm

from aiida_crystalgen.workflows.engines import potential_inputs
from aiida_crystalgen.workflows.protocol import protocol_inputs

__all__ = ('prototype_screening', 'verify_inputs')


def verify_inputs(
    elements: Sequence[str],
    comparison: Mapping[str, Any],
    protocol: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the inputs of a verification but for the structures and the engine.

    :param elements: symbols of the chemical system.
    :param comparison: what counts as a phase, see `aiida_crystalgen.science.phases.PhaseSettings`.
    :param protocol: the default if None.
    :param overrides: what differs from the protocol, with the keys of its YAML file.
    :raises ValueError: if the protocol or a key of the overrides does not exist.
    """
    chosen = protocol_inputs('verify', protocol, overrides)
    references = protocol_inputs('references', protocol)
    shared = {name: value for name, value in comparison.items() if name != 'window'}
    inputs = {
        'shortlist': chosen['shortlist'],
        'references_of_each': chosen['references'],
        'comparison': dict(comparison),
        'characterization': {**protocol_inputs('characterization', protocol), **shared},
        'hull': {
            'elements': sorted(elements),
            **{name: references[name] for name in ('compositions', 'maximum_atoms')},
        },
    }
    if chosen['phonons']:
        inputs['phonons'] = protocol_inputs('phonon', protocol)
    if chosen['elasticity']:
        inputs['elasticity'] = protocol_inputs('elastic', protocol)
    return inputs


def prototype_screening(
    protocol: str | None, code: orm.AbstractCode | None, relax: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the inputs by which a potential sorts out prototypes for an engine of DFT.

    :param protocol: the default if None.
    :param code: whose executable is crystalgen-run; None works in the process.
    :param relax: what differs from the protocol of the relaxation.
    :raises ValueError: if the protocol or a key of ``relax`` does not exist.
    """
    references = protocol_inputs('references', protocol)
    changes = {**references['relax'], **(relax or {})}
    screening = {**potential_inputs(protocol, code, changes), 'lowest': references['lowest']}
    return {'screening': screening}

"""From the keys ``verify`` and ``stability`` of a search to the inputs of its verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aiida import orm
from aiida.engine import ProcessBuilder
from pydantic import Field

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.workflows.preflight import vasp_problems
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.quantumespresso_preflight import quantumespresso_problems
from aiida_crystalgen.workflows.quantumespresso_settings import QuantumEspressoSettings
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain
from aiida_crystalgen.workflows.relax_quantumespresso import QuantumEspressoRelaxWorkChain
from aiida_crystalgen.workflows.relax_vasp import VaspRelaxWorkChain
from aiida_crystalgen.workflows.vasp_settings import VaspSettings
from aiida_crystalgen.workflows.verify_inputs import prototype_screening, verify_inputs

__all__ = ('StabilityChoice', 'VerificationChoice', 'chosen_verification')


class VerificationChoice(Settings):
    """What a user asks of the verification; what is not given is that of the protocols.

    :param engine: that relaxes the phases.
    :param protocol: of the engine and the verification, that of the search if None.
    :param code: of VASP or pw.x.
    :param potentials: family of POTCARs or pseudopotentials.
    :param potential: interatomic potential, that of the search if None.
    :param shortlist: number of phases.
    :param references: number of references of each composition.
    :param max_concurrent: calculations at a time.
    :param incar: tags of VASP.
    :param options: of the jobs of VASP or pw.x.
    """

    engine: Literal['potential', 'quantumespresso', 'vasp']
    protocol: str | None = None
    code: str | None = None
    potentials: str | None = None
    potential: str | None = None
    shortlist: int | None = Field(default=None, gt=0)
    references: int | None = Field(default=None, gt=0)
    max_concurrent: int | None = Field(default=None, gt=0)
    incar: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)


class StabilityChoice(Settings):
    """Which stabilities are measured.

    :param phonons: the dynamical one.
    :param elastic: the mechanical one.
    """

    phonons: bool
    elastic: bool


def chosen_verification(
    search: Mapping[str, Any],
    comparison: Mapping[str, Any],
    references: StructureSetData,
    protocol: str | None,
    *,
    code: orm.AbstractCode | None,
) -> dict[str, Any]:
    """Return the inputs of the verification that a search asks for, none if it asks for none.

    :param search: the keys of its protocol, with ``verify``, ``stability`` and ``relax``.
    :param comparison: what counts as a phase.
    :param references: known crystals; their elements are those of the search.
    :param protocol: of the search.
    :param code: whose executable is crystalgen-run, for a potential.
    :raises ValueError: if a value does not fit, or the engine cannot run; the message says why.
    """
    if search['verify'] is None:
        return {}
    if not references.periodic:
        raise ValueError(
            "'verify' is set, but the references are clusters, which have neither a hull nor "
            'phonon bands nor elastic constants to be verified; leave it out'
        )
    pressure = search['relax'].get('pressure')
    if pressure:
        raise ValueError(
            f"'relax.pressure' is {pressure} GPa, but phases are verified at zero pressure only; "
            "leave out 'verify', or the pressure"
        )
    chosen = VerificationChoice.parse(search['verify'], 'verify')
    stability = StabilityChoice.parse(search['stability'], 'stability')
    chosen_protocol = chosen.protocol or protocol
    numbers = {
        name: getattr(chosen, name)
        for name in ('shortlist', 'references')
        if getattr(chosen, name) is not None
    }
    changes = {**numbers, 'phonons': stability.phonons, 'elasticity': stability.elastic}
    inputs = verify_inputs(references.elements, comparison, chosen_protocol, changes)
    if chosen.engine != 'potential':
        engine = _first_principles(chosen, references, chosen_protocol)
        prototypes = prototype_screening(chosen_protocol, code, search['relax'])
        return {**inputs, 'prototypes': prototypes, chosen.engine: engine}
    potential = chosen.potential or _potential(search, protocol)
    return {**inputs, 'potential': _relaxation(potential, references, chosen_protocol, code)}


def _first_principles(
    chosen: VerificationChoice, references: StructureSetData, protocol: str | None
) -> dict[str, Any]:
    """Return the inputs of VASP or Quantum ESPRESSO.

    :raises ValueError: if it cannot run; the message says what mends it.
    """
    if chosen.code is None:
        raise ValueError(
            f"'verify.code' is missing; name a code of {chosen.engine}, or rehearse VASP with the "
            'emulator that `aiida-crystalgen setup --emulator` makes'
        )
    is_vasp = chosen.engine == 'vasp'
    overrides: dict[str, Any] = {'options': chosen.options}
    if is_vasp:
        overrides['incar'] = chosen.incar
    if chosen.potentials is not None:
        overrides['potential_family' if is_vasp else 'pseudo_family'] = chosen.potentials
    if chosen.max_concurrent is not None:
        overrides['max_concurrent'] = chosen.max_concurrent
    engine = VaspRelaxWorkChain if is_vasp else QuantumEspressoRelaxWorkChain
    try:
        inputs = _without_structures(
            engine.get_builder_from_protocol(
                references, chosen.code, protocol=protocol, overrides=overrides
            )
        )
    except ValueError as exception:
        raise ValueError(f"'verify': {exception}") from None
    problems = _problems(inputs, references.elements, is_vasp=is_vasp)
    if problems:
        raise ValueError(f"'verify': {' '.join(problems)}")
    return inputs


def _problems(inputs: Mapping[str, Any], elements: Sequence[str], *, is_vasp: bool) -> list[str]:
    """Return why the engine cannot run, each reason with what mends it."""
    code, options = inputs['code'], inputs['options'].get_dict()
    settings = inputs['settings'].get_dict()
    if is_vasp:
        return vasp_problems(code, VaspSettings.parse(settings), elements, options)
    parsed = QuantumEspressoSettings.parse(settings)
    return quantumespresso_problems(code, parsed, elements, options)


def _potential(search: Mapping[str, Any], protocol: str | None) -> str:
    """Return the potential of the search itself."""
    return str(protocol_inputs('relax', protocol, search['relax'])['potential'])


def _relaxation(
    potential: str,
    references: StructureSetData,
    protocol: str | None,
    code: orm.AbstractCode | None,
) -> dict[str, Any]:
    """Return the inputs of a relaxation with a potential, tight enough for phonons."""
    tight = protocol_inputs('verify', protocol)['relax']
    builder = PotentialRelaxWorkChain.get_builder_from_protocol(
        references, protocol=protocol, code=code, overrides={**tight, 'potential': potential}
    )
    return _without_structures(builder)


def _without_structures(builder: ProcessBuilder) -> dict[str, Any]:
    """Return the inputs of an engine but for what it works on."""
    inputs = builder._inputs(prune=True)
    return {name: value for name, value in inputs.items() if name != 'structures'}

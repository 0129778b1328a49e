"""From what a user asks to the inputs of a search, every value checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from pydantic import Field

from aiida_crystalgen.calculations.relax import RelaxCalculation
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.allocation import AllocationSettings
from aiida_crystalgen.science.composition import stoichiometries
from aiida_crystalgen.science.generators.interface import (
    MeetsTargets,
    Target,
    generator_names,
    load_generator,
)
from aiida_crystalgen.science.growth import GrowthSettings
from aiida_crystalgen.science.settings import Settings, closest
from aiida_crystalgen.workflows.budget import Budget
from aiida_crystalgen.workflows.generator_choice import filled_dataset, generator_inputs
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.search_requests import (
    refuse_foreign_pairs,
    validity_of,
)
from aiida_crystalgen.workflows.verify_choice import StabilityChoice, chosen_verification

__all__ = ('ChemicalSystem', 'SearchNumbers', 'search_inputs')

_LARGEST_FORMULA = 12  # atoms: there are hundreds of larger ones


class SearchNumbers(Settings):
    """Those numbers of a search that are its own.

    :param seed: of the search.
    :param candidates: proposed in a round.
    :param distance_factor: of the sum of covalent radii, where no distances are given.
    :param clean_up: whether the folders of jobs are removed after each round.
    """

    seed: int = Field(ge=0, lt=2**63)
    candidates: int = Field(gt=0)
    distance_factor: float = Field(gt=0)
    clean_up: bool


class ChemicalSystem(Settings):
    """A chemical system, for all formula units that it has.

    :param system: symbols of its elements.
    :param atoms: in a formula unit at most.
    """

    system: tuple[str, ...] = Field(min_length=1)
    atoms: int = Field(gt=0, le=_LARGEST_FORMULA)


def search_inputs(
    composition: Any,
    references: StructureSetData | str,
    protocol: str | None,
    overrides: Mapping[str, Any] | None,
    code: orm.AbstractCode | None,
    training: StructureSetData | str | None = None,
) -> dict[str, Any]:
    """Return the inputs of `SearchWorkChain` for a composition and a protocol.

    :param composition: formula unit, or chemical system as in 'Li-Mn-Ge', or a list of them, or
        ``{'system': […], 'atoms': …}`` for all formula units up to a size.
    :param references: known crystals, as a node or the label of a dataset.
    :param protocol: of the search; the default if None.
    :param overrides: what differs from the protocol, with the keys of its YAML file.
    :param code: whose executable is crystalgen-run; None works in the process.
    :param training: what models learn from, as references; the references if None.
    :raises ValueError: naming the first key or value that does not fit.
    """
    chosen = protocol_inputs('search', protocol, overrides)
    SearchNumbers.parse({name: chosen[name] for name in SearchNumbers.model_fields})
    known = filled_dataset(references)
    learned = known if training is None else filled_dataset(training)
    _refuse_mixture(known, learned)
    relaxation = protocol_inputs('relax', protocol, chosen['relax'], where='relax')
    _refuse_pressure(known, relaxation)
    shared = {'rdf': chosen['rdf'], 'duplicates': chosen['duplicates']}
    formulas = _compositions(composition)
    refuse_foreign_pairs(formulas, chosen['distances'])
    generators = generator_inputs(formulas, chosen, crystals_from_node(known), protocol)
    _check_targets(chosen['targets'], generators, learned)
    validity = validity_of(generators, chosen['distance_factor'])
    screening = {**chosen['screening'], 'validity': validity, **shared}
    phases = {**chosen['phases'], **shared}
    _check(screening, phases, relaxation)
    for name, model in _CHECKED.items():
        model.parse(chosen[name], name)
    inputs = {
        'references': known,
        'generators': generators,
        'screening': screening,
        'relax': {'potential': relaxation.pop('potential'), 'settings': relaxation},
        'duplicates': chosen['duplicates'],
        'phases': phases,
        'seed': chosen['seed'],
        **{name: chosen[name] for name in ('budget', 'growth', 'allocation', 'clean_up')},
    }
    verification = chosen_verification(chosen, phases, known, protocol, code=code)
    if verification:
        inputs['verify'] = verification
    if code is not None:
        inputs['code'] = code
    if training is not None:
        inputs['training'] = learned
    if chosen['options']:
        _refuse_unknown_options(chosen['options'])
        inputs['options'] = inputs['relax']['options'] = orm.Dict(chosen['options'])
    return inputs


def _refuse_mixture(references: StructureSetData, training: StructureSetData) -> None:
    """Raise if models learn from clusters what is compared with crystals, or the reverse."""
    if references.periodic != training.periodic:
        kinds = [('clusters', 'crystals')[one.periodic] for one in (training, references)]
        raise ValueError(
            f"'training' is a dataset of {kinds[0]}, but 'references' one of {kinds[1]}; a search "
            'is for the ones or the others'
        )


def _refuse_pressure(references: StructureSetData, relaxation: Mapping[str, Any]) -> None:
    """Raise if clusters are to be compressed."""
    if relaxation['pressure'] and not references.periodic:
        raise ValueError(
            f"'relax.pressure' is {relaxation['pressure']} GPa, but the references are clusters, "
            'which no pressure acts on; leave it out'
        )


def _check_targets(
    targets: list[Any], generators: Mapping[str, Mapping[str, Any]], training: StructureSetData
) -> None:
    """Raise if nothing in a search can meet its targets.

    :param targets: as the request has them.
    :param generators: inputs of each.
    """
    if not targets:
        return
    wanted = tuple(Target.parse(one) for one in targets)
    crystals = crystals_from_node(training)
    able = 0
    for one in generators.values():
        generator = load_generator(one['method'].value)
        if isinstance(generator, MeetsTargets):
            settings = one['settings'] if 'settings' in one else one['checkpoint'].settings
            generator.check_targets(wanted, crystals, dict(settings))
            able += 1
    if not able:
        known = generator_names()
        names = [name for name in known if isinstance(load_generator(name), MeetsTargets)]
        raise ValueError(
            f"'targets' are given, but none of the generators meets any; use {', '.join(names)}"
        )


def _check(screening: dict[str, Any], phases: dict[str, Any], relaxation: dict[str, Any]) -> None:
    """Raise for the first setting that the science would refuse."""
    from aiida_crystalgen.science.phases import PhaseSettings
    from aiida_crystalgen.science.potentials.interface import potential_names
    from aiida_crystalgen.science.relaxation import RelaxSettings
    from aiida_crystalgen.science.screening.selection import ScreeningSettings

    ScreeningSettings.parse(screening, 'screening')
    PhaseSettings.parse(phases, 'phases')
    settings = {key: value for key, value in relaxation.items() if key != 'potential'}
    RelaxSettings.parse(settings, 'relax')
    potential = relaxation['potential']
    if potential not in potential_names():
        raise ValueError(
            f"'relax.potential' is {potential!r}, which is unknown, or whose weights would have to "
            f'be downloaded. {closest(str(potential), potential_names())}'
        )


def _refuse_unknown_options(options: Mapping[str, Any]) -> None:
    """Raise for the first option that jobs do not have."""
    known = list(RelaxCalculation.spec().inputs['metadata']['options'])
    for name in options:
        if name not in known:
            raise ValueError(f"unknown key 'options.{name}'. {closest(str(name), known)}")


def _compositions(composition: Any) -> tuple[str, ...]:
    """Return the formula units that are searched for.

    :raises ValueError: if they are none.
    """
    if isinstance(composition, Mapping):
        chosen = ChemicalSystem.parse(composition, 'composition')
        try:
            return stoichiometries(chosen.system, chosen.atoms)
        except ValueError as exception:
            raise ValueError(f"'composition': {exception}") from None
    formulas = [composition] if isinstance(composition, str) else composition
    if not (isinstance(formulas, list | tuple) and formulas):
        raise ValueError(
            f"'composition' is {composition!r}; it is a formula unit as in SnSe, a list of them, "
            'or a chemical system as in {system: [Sn, Se], atoms: 4} or Sn-Se'
        )
    wrong = [one for one in formulas if not isinstance(one, str)]
    if wrong:
        raise ValueError(f"'composition' names {wrong[0]!r}, which YAML takes for no text")
    if len(set(formulas)) < len(formulas):
        raise ValueError("'composition' names a formula unit twice")
    return tuple(formulas)


_CHECKED: dict[str, type[Settings]] = {
    'stability': StabilityChoice,
    'budget': Budget,
    'growth': GrowthSettings,
    'allocation': AllocationSettings,
}

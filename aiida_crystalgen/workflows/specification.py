"""From what a user asks to the inputs of a search, every value checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiida import orm
from pydantic import Field

from aiida_crystalgen.calculations.relax import RelaxCalculation
from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.groups import load_dataset
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.allocation import AllocationSettings
from aiida_crystalgen.science.composition import stoichiometries
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.interface import (
    MeetsTargets,
    Target,
    generator_names,
    load_generator,
)
from aiida_crystalgen.science.growth import GrowthSettings
from aiida_crystalgen.science.settings import Settings, closest
from aiida_crystalgen.workflows.budget import Budget
from aiida_crystalgen.workflows.protocol import (
    available_protocols,
    has_protocols,
    protocol_inputs,
)
from aiida_crystalgen.workflows.protocol_settings import settings_models
from aiida_crystalgen.workflows.search_requests import (
    build_request,
    refuse_foreign_pairs,
    validity_of,
)
from aiida_crystalgen.workflows.verify_choice import StabilityChoice, chosen_verification

__all__ = ('ChemicalSystem', 'GeneratorChoice', 'SearchNumbers', 'search_inputs')

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


class GeneratorChoice(Settings):
    """One entry of the list of generators.

    :param method: entry-point name.
    :param share: of the candidates, relative to the other generators.
    :param protocol: of its own numbers; that of the search if null, or its default if it has none
        of that name.
    :param settings: of the training, where they differ from the protocol.
    :param proposing: settings of its way to propose, where they differ from the protocol.
    :param checkpoint: pk, uuid or label of a model that is used as it is, without training.
    """

    method: str
    share: float = Field(default=1.0, gt=0)
    protocol: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    proposing: dict[str, Any] = Field(default_factory=dict)
    checkpoint: str | int | None = None


def search_inputs(
    composition: Any,
    references: StructureSetData | str,
    protocol: str | None,
    overrides: Mapping[str, Any] | None,
    code: orm.AbstractCode | None,
    training: StructureSetData | str | None = None,
) -> dict[str, Any]:
    """Return the inputs of `SearchWorkChain` for a composition and a protocol.

    :param composition: formula unit, a list of them, or ``{'system': […], 'atoms': …}``.
    :param references: known crystals, as a node or the label of a dataset.
    :param protocol: of the search; the default if None.
    :param overrides: what differs from the protocol, with the keys of its YAML file.
    :param code: whose executable is crystalgen-run; None works in the process.
    :param training: what models learn from, as references; the references if None.
    :raises ValueError: naming the first key or value that does not fit.
    """
    chosen = protocol_inputs('search', protocol, overrides)
    SearchNumbers.parse({name: chosen[name] for name in SearchNumbers.model_fields})
    known = _dataset(references)
    learned = known if training is None else _dataset(training)
    _refuse_mixture(known, learned)
    relaxation = protocol_inputs('relax', protocol, chosen['relax'], where='relax')
    _refuse_pressure(known, relaxation)
    shared = {'rdf': chosen['rdf'], 'duplicates': chosen['duplicates']}
    formulas = _compositions(composition)
    refuse_foreign_pairs(formulas, chosen['distances'])
    generators = _generators(formulas, chosen, crystals_from_node(known), protocol)
    _check_targets(chosen['targets'], generators, learned)
    screening = {**chosen['screening'], 'validity': validity_of(generators), **shared}
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


def _dataset(chosen: StructureSetData | str) -> StructureSetData:
    """Return a set of crystals, which may be named by the label of its dataset.

    :raises ValueError: if there is no such dataset, or it is empty.
    """
    node = load_dataset(chosen) if isinstance(chosen, str) else chosen
    if node.number == 0:
        raise ValueError(f"dataset '{node.label}' is empty; import crystals into it first")
    return node


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
            'or a chemical system as in {system: [Sn, Se], atoms: 4}'
        )
    wrong = [one for one in formulas if not isinstance(one, str)]
    if wrong:
        raise ValueError(f"'composition' names {wrong[0]!r}, which YAML takes for no text")
    if len(set(formulas)) < len(formulas):
        raise ValueError("'composition' names a formula unit twice")
    return tuple(formulas)


def _generators(
    formulas: Sequence[str],
    chosen: Mapping[str, Any],
    references: CrystalSet,
    protocol: str | None,
) -> dict[str, dict[str, Any]]:
    """Return the inputs of each generator and composition, under a label of its own.

    Those of one generator share its model.
    """
    choices = [_choice(one, f'generators.{row}') for row, one in enumerate(chosen['generators'])]
    if not choices:
        raise ValueError("'generators' is empty; name at least one method")
    total = sum(choice.share for choice in choices)
    result: dict[str, dict[str, Any]] = {}
    for row, choice in enumerate(choices):
        where = f'generators.{row}'
        model = _model(choice, protocol, where)
        proposing = _chosen(choice, 'propose', protocol, where)
        # A dynamic namespace serialises nothing by itself.
        shared = {name: orm.to_aiida_type(value) for name, value in model.items()}
        same = [label for label in result if result[label]['method'].value == choice.method]
        name = f'{choice.method}_{len(same)}' if same else choice.method
        share = chosen['candidates'] * choice.share / total
        for formula in formulas:
            candidates = max(1, round(share / len(formulas)))
            request = build_request(formula, chosen, references, candidates)
            label = f'{name}_{formula}' if len(formulas) > 1 else name
            result[label] = {**shared, 'request': orm.Dict({**request, 'proposing': proposing})}
    return result


def _choice(values: Any, where: str) -> GeneratorChoice:
    """Return one entry of the list of generators."""
    if not isinstance(values, Mapping):
        raise ValueError(f"'{where}' is {values!r}; it must be as in {{method: rdf_vae}}")
    return GeneratorChoice.parse(values, where)


def _model(choice: GeneratorChoice, protocol: str | None, where: str) -> dict[str, Any]:
    """Return method and checkpoint of a generator, or the settings to train it with."""
    if choice.method not in generator_names():
        known = closest(choice.method, generator_names())
        raise ValueError(f"'{where}.method' is '{choice.method}', which is unknown. {known}")
    if choice.checkpoint is not None:
        node = orm.load_node(choice.checkpoint)
        if not isinstance(node, CheckpointData):
            raise ValueError(f'node {choice.checkpoint} is no checkpoint but {node}')
        return {'method': choice.method, 'checkpoint': node}
    settings = _chosen(choice, 'train', protocol, where)
    return (
        {'method': choice.method, 'settings': settings} if settings else {'method': choice.method}
    )


def _chosen(choice: GeneratorChoice, verb: str, protocol: str | None, where: str) -> dict[str, Any]:
    """Return the settings of a verb of a generator, none if there are no protocols for it.

    :raises ValueError: if a key that differs from the protocol, or its value, does not fit.
    """
    key = _OVERRIDES[verb]
    name, overrides, where = f'{verb}/{choice.method}', getattr(choice, key), f'{where}.{key}'
    if not has_protocols(name):
        if overrides:
            raise ValueError(f"'{where}' is {overrides}, but there is nothing to set")
        return {}
    own = choice.protocol or (protocol if protocol in available_protocols(name) else None)
    settings = protocol_inputs(name, own, overrides, where=where)
    if overrides:
        for model in settings_models(name).get('', ()):
            model.parse(settings, where)
    return settings


_OVERRIDES = {'train': 'settings', 'propose': 'proposing'}
_CHECKED: dict[str, type[Settings]] = {
    'stability': StabilityChoice,
    'budget': Budget,
    'growth': GrowthSettings,
    'allocation': AllocationSettings,
}

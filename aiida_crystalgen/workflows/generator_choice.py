"""Which generators a search has: their models, settings, templates and requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiida import orm
from aiida.common.exceptions import MultipleObjectsError, NotExistent
from pydantic import Field

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.groups import load_dataset
from aiida_crystalgen.data.shipped import SHIPPED, shipped_model
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.interface import (
    UsesTemplates,
    generator_names,
    load_generator,
)
from aiida_crystalgen.science.settings import Settings, closest
from aiida_crystalgen.workflows.protocol import (
    available_protocols,
    has_protocols,
    protocol_inputs,
)
from aiida_crystalgen.workflows.protocol_settings import settings_models
from aiida_crystalgen.workflows.search_requests import build_request

__all__ = ('GeneratorChoice', 'filled_dataset', 'generator_inputs')


class GeneratorChoice(Settings):
    """One entry of the list of generators.

    :param method: entry-point name.
    :param share: of the candidates, relative to the other generators.
    :param protocol: of its own numbers; that of the search if null, or its default if it has none
        of that name.
    :param settings: of the training, where they differ from the protocol.
    :param proposing: settings of its way to propose, where they differ from the protocol.
    :param checkpoint: pk, uuid or label of a model that is used as it is, without training; shipped
        for the one that comes with the method.
    :param templates: pk, uuid or label of a dataset whose structures the method puts elements into,
        in place of its own.
    """

    method: str
    share: float = Field(default=1.0, gt=0)
    protocol: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    proposing: dict[str, Any] = Field(default_factory=dict)
    checkpoint: str | int | None = None
    templates: str | int | None = None


def filled_dataset(chosen: StructureSetData | str) -> StructureSetData:
    """Return a set of crystals, which may be named by the label of its dataset.

    :raises ValueError: if there is no such dataset, or it is empty.
    """
    node = load_dataset(chosen) if isinstance(chosen, str) else chosen
    if node.number == 0:
        raise ValueError(f"dataset '{node.label}' is empty; import crystals into it first")
    return node


def generator_inputs(
    formulas: Sequence[str],
    chosen: Mapping[str, Any],
    references: CrystalSet | None,
    protocol: str | None,
) -> dict[str, dict[str, Any]]:
    """Return the inputs of each generator and composition, under a label of its own.

    Those of one generator share its model.

    :param formulas: compositions.
    :param chosen: values of the search protocol.
    :param references: known crystals, None if there are none.
    :param protocol: of the search.
    :raises ValueError: naming the first key or value that does not fit.
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
        generator = load_generator(choice.method)
        # A dynamic namespace serialises nothing by itself.
        shared = {
            name: value if isinstance(value, orm.Data) else orm.to_aiida_type(value)
            for name, value in model.items()
        }
        same = [label for label in result if result[label]['method'].value == choice.method]
        name = f'{choice.method}_{len(same)}' if same else choice.method
        share = chosen['candidates'] * choice.share / total
        for formula in formulas:
            candidates = max(1, round(share / len(formulas)))
            request = build_request(formula, chosen, references, candidates, generator)
            ending = formula.replace('-', '_').replace('*', 'any')
            label = f'{name}_{ending}' if len(formulas) > 1 else name
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
    model: dict[str, Any] = {'method': choice.method}
    if choice.templates is not None:
        model['templates'] = _templates(choice, where)
    if choice.checkpoint is not None:
        return {**model, 'checkpoint': _checkpoint(choice, where)}
    settings = _chosen(choice, 'train', protocol, where)
    return {**model, 'settings': settings} if settings else model


def _checkpoint(choice: GeneratorChoice, where: str) -> CheckpointData:
    """Return the model that a generator is to use.

    :raises ValueError: if it is no model, or one of another method, or none is shipped.
    """
    if choice.checkpoint == SHIPPED:
        return shipped_model(choice.method)
    try:
        # Of models alone, since the process that trained one may have its label.
        node: Any = orm.load_node(choice.checkpoint, sub_classes=(CheckpointData,))
    except (NotExistent, MultipleObjectsError):
        raise ValueError(
            f"'{where}.checkpoint' is {choice.checkpoint}, which names no model, or several; "
            '`aiida-crystalgen model list` shows all'
        ) from None
    if node.method != choice.method:
        raise ValueError(
            f"'{where}.checkpoint' is {choice.checkpoint}, a model of {node.method}, which "
            f'{choice.method} cannot use'
        )
    return node


def _templates(choice: GeneratorChoice, where: str) -> StructureSetData:
    """Return the known structures that a generator is to put elements into.

    :raises ValueError: if it has no use for them, or they are clusters.
    """
    if not isinstance(load_generator(choice.method), UsesTemplates):
        raise ValueError(
            f"'{where}.templates' is {choice.templates}, but {choice.method} puts elements into no "
            'templates; leave it out'
        )
    node = filled_dataset(str(choice.templates))
    if not node.periodic:
        raise ValueError(f"'{where}.templates' is {choice.templates}: clusters, and no crystals")
    return node


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

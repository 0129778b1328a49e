"""The engines that relax and evaluate structures, and how a work chain runs on any of them.

Each engine is a work chain that takes ``structures`` and ``settings``, a Dict whose key ``freedom``
says what may move, and returns ``relaxed``, a row for each structure, with energy, stress and
forces. A work chain that needs an engine takes the inputs of exactly one, in the namespace of its
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from aiida import orm
from aiida.engine import Process, ProcessBuilder, ProcessSpec, WorkChain
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.settings import closest
from aiida_crystalgen.workflows.children import submit_once
from aiida_crystalgen.workflows.protocol import protocol_inputs

__all__ = (
    'ENGINES',
    'Freedom',
    'engine_inputs',
    'engine_name',
    'expose_engines',
    'potential_inputs',
    'set_engine',
    'submit_engine',
    'unknown_engine',
)

ENGINES = ('potential', 'quantumespresso', 'vasp')

Freedom = Literal['cell', 'ions', 'none']


def expose_engines(spec: ProcessSpec) -> None:
    """Add the inputs of every engine as a namespace, of which exactly one may be used."""
    for name in ENGINES:
        spec.expose_inputs(
            _engine(name),
            namespace=name,
            exclude=('structures',),
            namespace_options={
                'required': False,
                'populate_defaults': False,
                'help': f'Inputs of the engine crystalgen.relax.{name}.',
            },
        )
    spec.inputs.validator = _is_one_engine


def set_engine(
    builder: ProcessBuilder,
    engine: Mapping[str, Mapping[str, Any]] | None,
    protocol: str | None,
    code: orm.AbstractCode | None,
) -> None:
    """Put the inputs of an engine into a builder, those of a protocol's potential if it is None.

    :param engine: its inputs under its name, as in ``{'vasp': {…}}``.
    :param protocol: of the potential, the default if None.
    :param code: for the potential, whose executable is crystalgen-run; None works in the process.
    :raises ValueError: if the protocol does not exist.
    """
    chosen = {'potential': potential_inputs(protocol, code)} if engine is None else engine
    for name, inputs in chosen.items():
        builder[name] = dict(inputs)


def potential_inputs(
    protocol: str | None,
    code: orm.AbstractCode | None,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the inputs of the engine ``potential`` that a protocol gives.

    :param protocol: the default if None.
    :param code: whose executable is crystalgen-run; None works in the process.
    :param overrides: what differs from the protocol, the key ``relax`` of what the user wrote.
    :raises ValueError: if the protocol or a key of the overrides does not exist.
    """
    settings = protocol_inputs('relax', protocol, overrides, where='relax')
    inputs = {'potential': settings.pop('potential'), 'settings': settings}
    return inputs if code is None else {**inputs, 'code': code}


def unknown_engine(changes: Mapping[str, Any]) -> str | None:
    """Return what is wrong with settings that differ from engine to engine, or nothing.

    :param changes: under the names of the engines, in the key ``engines`` of the settings.
    """
    unknown = sorted({*changes} - {*ENGINES})
    if not unknown:
        return None
    return f"unknown key 'engines.{unknown[0]}'. {closest(unknown[0], [*ENGINES])}"


def engine_name(inputs: Mapping[str, Any]) -> str:
    """Return the name of the engine whose inputs are given."""
    return next(name for name in ENGINES if inputs.get(name))


def engine_inputs(parent: WorkChain) -> dict[str, Any]:
    """Return the inputs of the engine of a work chain under its name, as its children take them."""
    name = engine_name(parent.inputs)
    return {name: parent.exposed_inputs(_engine(name), namespace=name, agglomerate=False)}


def submit_engine(
    parent: WorkChain,
    label: str,
    structures: StructureSetData,
    freedom: Freedom,
    *,
    changes: Mapping[str, Any] | None = None,
) -> orm.ProcessNode:
    """Return the child that runs the engine of the parent's inputs, submitted unless it was before.

    :param freedom: what may move; it takes the place of what the engine's settings say.
    :param changes: of other settings of the engine, which may be nested.
    """
    name = engine_name(parent.inputs)
    engine = _engine(name)
    inputs = parent.exposed_inputs(engine, namespace=name, agglomerate=False)
    settings = _changed(inputs.pop('settings').get_dict(), {**(changes or {}), 'freedom': freedom})
    return submit_once(
        parent, engine, label, structures=structures, settings=orm.Dict(settings), **inputs
    )


def _changed(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the changes in place of theirs, to any depth."""
    changed = dict(settings)
    for key, value in changes.items():
        old = changed.get(key)
        changed[key] = (
            _changed(old, value)
            if isinstance(old, Mapping) and isinstance(value, Mapping)
            else value
        )
    return changed


def _engine(name: str) -> type[Process]:
    """Return the work chain of an engine."""
    return cast('type[Process]', WorkflowFactory(f'crystalgen.relax.{name}'))


def _is_one_engine(inputs: Mapping[str, Any], _: Any) -> str | None:
    """Return what is wrong with the choice of the engine, or nothing."""
    given = [name for name in ENGINES if inputs.get(name)]
    if len(given) == 1:
        return None
    return f'the inputs of exactly one engine are needed ({", ".join(ENGINES)}), not {given}.'

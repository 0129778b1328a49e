"""What the engines have in common that run one first-principles calculation per structure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from aiida import orm
from aiida.common import AttributeDict
from aiida.engine import ExitCode, Process, ProcessBuilder, ProcessSpec, while_

from aiida_crystalgen.calculations.functions.extract import extract, row_label
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.code_preflight import load_engine_code
from aiida_crystalgen.workflows.crystal_inputs import are_crystals
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.throttle import EagerWorkChain

__all__ = ('Attempt', 'DftRelaxWorkChain', 'Finished', 'merge_keys', 'outcome_table')


@dataclass(frozen=True)
class Attempt:
    """One child on the way of a row to its result.

    :param label: that tells it from the row's other attempts, as in 'coarse'.
    :param process: to submit.
    :param inputs: of the process.
    """

    label: str
    process: type[Process]
    inputs: Mapping[str, Any]


class Finished(Protocol):
    """What the table of a set needs to know of a finished attempt."""

    @property
    def rejection(self) -> str:
        """Why its result cannot be used, empty if it can."""

    @property
    def steps(self) -> int:
        """Number of ionic steps."""

    @property
    def exit_status(self) -> int:
        """Of the attempt."""


class DftRelaxWorkChain(EagerWorkChain):
    """Relax every structure of a set, a limited number of them at a time.

    A row starts as soon as another has finished. What follows an attempt is a function of the
    attempts before it, and each child is found again by its call link, so that an interrupted step
    may run again. A failed attempt costs its row only.

    A subclass names its protocol file, the plugin that its code is for, and the model of its
    settings. ``_open`` are the mappings of the protocol whose keys the user chooses, with how they
    are merged: there a key that the protocol has not is no mistake.
    """

    _protocol: ClassVar[str]
    _plugin: ClassVar[str]
    _model: ClassVar[type[Settings]]
    _open: ClassVar[Mapping[str, Callable[[Any, Any], dict[str, Any]]]]

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        spec.input(
            'structures',
            valid_type=StructureSetData,
            validator=are_crystals,
            help='The structures to relax.',
        )
        spec.input('code', valid_type=orm.AbstractCode, help='Code of the engine.')
        spec.input(
            'settings',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            validator=cls._are_settings,
            help='What is calculated, and how; a protocol gives it all.',
        )
        spec.input(
            'options',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            help='Options of every job, such as resources and max_wallclock_seconds.',
        )
        spec.input(
            'max_concurrent',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            validator=_is_positive,
            help='Largest number of structures that are worked on at a time.',
        )
        spec.output(
            'relaxed',
            valid_type=StructureSetData,
            required=False,
            help='One row per structure: energy, forces, stress, convergence, and why it failed.',
        )
        spec.outline(
            cls.setup,
            while_(cls.has_rows_left)(cls.run_rows),
            cls.collect_rows,
            cls.finalize,
        )
        spec.exit_code(220, 'ERROR_PREFLIGHT', message='{message}')
        spec.exit_code(
            440, 'ERROR_COLLECTION_FAILED', message='{process} could not collect: {reason}.'
        )
        spec.exit_code(
            441,
            'ERROR_NOTHING_RELAXED',
            message='None of the {number} structures came through; the first: {reason}.',
        )

    @classmethod
    def get_builder_from_protocol(
        cls,
        structures: StructureSetData,
        code: orm.AbstractCode | str,
        *,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose settings are those of a protocol.

        :param structures: to relax.
        :param code: of the engine, or its full label.
        :param protocol: the default if None.
        :param overrides: what differs from the protocol, with the keys of its YAML file. Any tag of
            VASP and any keyword of pw.x may be set; None removes one.
        :raises ValueError: if the code, the protocol or a key of the overrides does not exist.
        """
        changes = dict(overrides or {})
        chosen = {name: changes.pop(name) for name in cls._open if name in changes}
        inputs = protocol_inputs(cls._protocol, protocol, changes)
        for name, values in chosen.items():
            if not isinstance(values, Mapping):
                raise ValueError(f"'{name}' is {values!r}; it must be a mapping of keys to values")
            inputs[name] = cls._open[name](inputs[name], values)
        options, limit = inputs.pop('options'), inputs.pop('max_concurrent')
        loaded = load_engine_code(code, cls._plugin) if isinstance(code, str) else code
        if loaded.with_mpi is not None and 'withmpi' not in chosen.get('options', {}):
            # A code that knows whether it runs under MPI bears no other opinion.
            del options['withmpi']
        builder = cls.get_builder()
        builder.structures = structures
        builder.code = loaded
        builder.settings = cls._model.parse(inputs).model_dump(mode='json')
        builder.options = options
        builder.max_concurrent = limit
        return builder

    @classmethod
    def _are_settings(cls, node: orm.Dict, _: Any) -> str | None:
        """Return what is wrong with the settings, or nothing."""
        try:
            cls._model.parse(node.get_dict())
        except ValueError as exception:
            return f'{str(exception).rstrip(".")}.'
        return None

    @abstractmethod
    def find_problems(self) -> list[str]:
        """Return why nothing should be submitted, each reason with what mends it."""

    @abstractmethod
    def next_attempt(
        self, structure: orm.StructureData, earlier: Sequence[orm.ProcessNode]
    ) -> Attempt | None:
        """Return what a row needs after its earlier attempts, None if it is done with.

        :param structure: as it was given.
        :param earlier: finished attempts, the first one first.
        """

    @abstractmethod
    def collect(self, attempts: Sequence[Sequence[orm.ProcessNode]]) -> orm.ProcessNode:
        """Return the calcfunction, run once, that makes the output ``relaxed``.

        :param attempts: of each row.
        """

    def setup(self) -> ExitCode | None:
        """Refuse what cannot run, or start with no rows begun."""
        problems = self.find_problems()
        if problems:
            return self.exit_codes.ERROR_PREFLIGHT.format(message=' '.join(problems))
        self.ctx.attempts = [[] for _ in range(self.inputs.structures.number)]
        self.ctx.started = 0
        self.ctx.active = []
        return None

    def has_rows_left(self) -> bool:
        """Return whether a row is not done with."""
        return bool(self.ctx.active) or self.ctx.started < len(self.ctx.attempts)

    def run_rows(self) -> None:
        """Follow up the rows whose child has finished, and give free places to other rows."""
        self.ctx.awaited = AttributeDict()
        for row in list(self.ctx.active):
            if self._attempts(row)[-1].is_terminated and not self._start_attempt(row):
                self.ctx.active.remove(row)
        limit = self.inputs.max_concurrent.value
        while len(self.ctx.active) < limit and self.ctx.started < len(self.ctx.attempts):
            if self._start_attempt(self.ctx.started):
                self.ctx.active.append(self.ctx.started)
            self.ctx.started += 1
        children = {row: self._attempts(row)[-1] for row in self.ctx.active}
        self.to_context(**{f'awaited.{row_label(row)}': one for row, one in children.items()})

    def _start_attempt(self, row: int) -> bool:
        """Submit what a row needs next, and return whether it needed anything."""
        label = row_label(row)
        extraction = run_once(
            self,
            extract,
            f'extract_{label}',
            structures=self.inputs.structures,
            row=orm.Int(row),
        )
        attempt = self.next_attempt(extraction.outputs[label], self._attempts(row))
        if attempt is None:
            return False
        child = submit_once(self, attempt.process, f'{label}_{attempt.label}', **attempt.inputs)
        self.ctx.attempts[row].append(child.pk)
        return True

    def _attempts(self, row: int) -> list[orm.ProcessNode]:
        """Return the children of a row, the first one first."""
        return [cast('orm.ProcessNode', orm.load_node(pk)) for pk in self.ctx.attempts[row]]

    def collect_rows(self) -> ExitCode | None:
        """Put the results of all rows into one set."""
        rows = range(len(self.ctx.attempts))
        collection = self.collect([self._attempts(row) for row in rows])
        if not collection.is_finished_ok:
            return failure(self, 'ERROR_COLLECTION_FAILED', collection)
        self.ctx.relaxed = collection.outputs.relaxed
        self.out('relaxed', self.ctx.relaxed)
        return None

    def finalize(self) -> ExitCode | None:
        """Say how many rows came through."""
        rejections = self.ctx.relaxed.get_array(StructureSetData.COLUMN_PREFIX + 'rejection')
        number = len(rejections)
        self.report(f'{(rejections == "").sum()} of {number} structures came through')
        if (rejections == '').any():
            return None
        return self.exit_codes.ERROR_NOTHING_RELAXED.format(
            number=number, reason=str(rejections[0]).rstrip('.')
        )


def outcome_table(
    attempts: Iterable[Sequence[orm.ProcessNode]], outcomes: Sequence[Sequence[Finished]]
) -> dict[str, Any]:
    """Return the columns of a set that say how each row ended.

    :param attempts: of each row.
    :param outcomes: of these attempts.
    """
    last = [one[-1] for one in outcomes]
    return {
        'converged': [one.rejection == '' for one in last],
        'steps': [sum(outcome.steps for outcome in one) for one in outcomes],
        'exit_status': [one.exit_status for one in last],
        'process': [children[-1].uuid for children in attempts],
        'rejection': [one.rejection for one in last],
    }


def merge_keys(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with the changes in place of theirs."""
    return {**values, **changes}


def _is_positive(node: orm.Int, _: Any) -> str | None:
    """Return why the number is no limit, or nothing."""
    return None if node.value > 0 else f'max_concurrent is {node.value}; it is at least 1.'

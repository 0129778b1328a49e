"""Energies of the crystals that span a hull, by the engine of those that are placed on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, ToContext, WorkChain, if_, while_

from aiida_crystalgen.calculations.functions.choose_references import choose_references
from aiida_crystalgen.calculations.functions.collect_references import collect_references
from aiida_crystalgen.calculations.functions.deduplicate import deduplicate
from aiida_crystalgen.calculations.functions.lowest_references import lowest_references
from aiida_crystalgen.calculations.functions.recall_references import recall_references
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.engines import engine_differences
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.references import elements_without_energy
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.engines import expose_engines, potential_inputs, submit_engine
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain
from aiida_crystalgen.workflows.reuse import earlier_entries, mark_engine

__all__ = ('ReferencesWorkChain',)


class ReferencesWorkChain(WorkChain):
    """Give the crystals that span the hull of a chemical system energies of one engine.

    They are the known crystals of the system, prototypes of every element that none of these
    consists of, and prototypes of compounds that are asked for. A potential may sort out those that
    are not worth an expensive calculation. What an earlier work chain with the same engine and
    settings computed is not computed again.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        spec.input(
            'known',
            valid_type=StructureSetData,
            required=False,
            help='Known crystals, of which those of the chemical system are used.',
        )
        spec.input(
            'settings',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            validator=_are_settings,
            help='Elements of the system, compositions, and the largest prototype in atoms.',
        )
        spec.input(
            'duplicates',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            validator=_are_duplicates,
            help='When two references are the same crystal.',
        )
        spec.input(
            'reuse',
            valid_type=orm.Bool,
            serializer=orm.to_aiida_type,
            help='Whether to take energies from earlier work chains with the same engine inputs.',
        )
        spec.expose_inputs(
            PotentialRelaxWorkChain,
            namespace='screening',
            exclude=('structures',),
            namespace_options={
                'required': False,
                'populate_defaults': False,
                'help': 'Relaxation with a potential; the engine gets the lowest prototypes of it.',
            },
        )
        spec.input(
            'screening.lowest',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            validator=_is_positive,
            help='Number of prototypes of each composition that the engine gets.',
        )
        expose_engines(spec)
        spec.output(
            'entries',
            valid_type=StructureSetData,
            required=False,
            help='Every crystal that was tried, rejected ones with their reason.',
        )
        spec.output(
            'references',
            valid_type=StructureSetData,
            required=False,
            help='The distinct crystals with energies, one row each.',
        )
        spec.outline(
            cls.choose_crystals,
            if_(cls.should_screen)(cls.screen_prototypes, cls.inspect_screening),
            cls.recall_energies,
            while_(cls.has_missing_energies)(cls.run_engine, cls.inspect_engine),
            cls.collect_energies,
            cls.finalize,
        )
        for status, (label, message) in _EXIT_CODES.items():
            spec.exit_code(status, label, message=message)

    @classmethod
    def get_builder_from_protocol(
        cls,
        elements: Sequence[str],
        known: StructureSetData | None = None,
        *,
        engine: Mapping[str, Mapping[str, Any]] | None = None,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose settings are those of a protocol.

        :param elements: symbols of the chemical system.
        :param known: crystals that are known, of these elements and others.
        :param engine: its inputs under its name, as in ``{'vasp': {…}}``; if None, the potential of
            the protocol. Where it is none, the potential sorts out prototypes.
        :param protocol: the default if None.
        :param code: for the potential, whose executable is crystalgen-run; None relaxes in the
            process.
        :param overrides: what differs from the protocol, with the keys of its YAML file.
        :raises ValueError: if the protocol or a key of the overrides does not exist.
        """
        inputs = protocol_inputs('references', protocol, overrides)
        relaxation, lowest = inputs.pop('relax'), inputs.pop('lowest')
        builder = cls.get_builder()
        if known is not None:
            builder.known = known
        builder.duplicates = inputs.pop('duplicates')
        builder.reuse = inputs.pop('reuse')
        builder.settings = {'elements': sorted(elements), **inputs}
        potential = potential_inputs(protocol, code, relaxation)
        chosen = {'potential': potential} if engine is None else engine
        for name, engine_inputs in chosen.items():
            builder[name] = dict(engine_inputs)
        if 'potential' not in chosen:
            builder.screening = {**potential, 'lowest': lowest}
        return builder

    def choose_crystals(self) -> ExitCode | None:
        """Choose the crystals, and say for later work chains which engine this one uses."""
        mark_engine(self)
        known = {'known': self.inputs.known} if 'known' in self.inputs else {}
        chosen = run_once(self, choose_references, 'choose', settings=self.inputs.settings, **known)
        if not chosen.is_finished_ok:
            return failure(self, 'ERROR_NO_CRYSTALS', chosen)
        self.ctx.chosen = self.ctx.missing = chosen.outputs.chosen
        if 'prototypes' in chosen.outputs:
            self.ctx.prototypes = chosen.outputs.prototypes
        self.ctx.recalled, self.ctx.turns = {}, 0
        return None

    def should_screen(self) -> bool:
        """Return whether a potential sorts out prototypes."""
        return 'prototypes' in self.ctx and 'screening' in self.inputs

    def screen_prototypes(self) -> ToContext:
        """Relax the prototypes with the potential."""
        inputs = self.exposed_inputs(
            PotentialRelaxWorkChain, namespace='screening', agglomerate=False
        )
        child = submit_once(
            self, PotentialRelaxWorkChain, 'screen', structures=self.ctx.prototypes, **inputs
        )
        return ToContext(screening=child)

    def inspect_screening(self) -> ExitCode | None:
        """Keep the lowest distinct prototypes of each composition."""
        if 'relaxed' not in self.ctx.screening.outputs:
            return failure(self, 'ERROR_SCREENING_FAILED', self.ctx.screening)
        distinct = run_once(
            self,
            deduplicate,
            'distinct_prototypes',
            structures=self.ctx.screening.outputs.relaxed,
            settings=self.inputs.duplicates,
        )
        if not distinct.is_finished_ok:
            return failure(self, 'ERROR_SCREENING_FAILED', distinct)
        lowest = run_once(
            self,
            lowest_references,
            'lowest_prototypes',
            references=distinct.outputs.distinct,
            number=self.inputs.screening.lowest,
        )
        known = {'known': self.inputs.known} if 'known' in self.inputs else {}
        chosen = run_once(
            self,
            choose_references,
            'choose_screened',
            settings=self.inputs.settings,
            screened=lowest.outputs.lowest,
            **known,
        )
        if not chosen.is_finished_ok:
            return failure(self, 'ERROR_NO_CRYSTALS', chosen)
        self.ctx.chosen = self.ctx.missing = chosen.outputs.chosen
        number = self.ctx.prototypes.number
        self.report(f'{lowest.outputs.lowest.number} of {number} prototypes go to the engine')
        return None

    def recall_energies(self) -> ExitCode | None:
        """Take the energies that earlier work chains computed."""
        if not self.inputs.reuse.value:
            return None
        for number, entries in enumerate(earlier_entries(self, self.ctx.chosen)):
            label = f'recall_{number}'
            recall = run_once(
                self, recall_references, label, chosen=self.ctx.missing, entries=entries
            )
            if not recall.is_finished_ok:
                return failure(self, 'ERROR_COLLECTION_FAILED', recall)
            if 'recalled' in recall.outputs:
                self.ctx.recalled[label] = recall.outputs.recalled
            self.ctx.missing = recall.outputs.missing if 'missing' in recall.outputs else None
            if self.ctx.missing is None:
                break
        self.report(
            f'{sum(node.number for node in self.ctx.recalled.values())} of '
            f'{self.ctx.chosen.number} energies are known from earlier work chains'
        )
        return None

    def has_missing_energies(self) -> bool:
        """Return whether crystals are left that the engine has not seen."""
        return self.ctx.missing is not None and 'relaxed' not in self.ctx

    def run_engine(self) -> ToContext:
        """Relax the crystals that have no energy yet."""
        label = f'relax_{self.ctx.turns}'
        return ToContext(engine=submit_engine(self, label, self.ctx.missing, 'cell'))

    def inspect_engine(self) -> ExitCode | None:
        """Take the result, and leave what was recalled if the engine has changed since."""
        child = self.ctx.engine
        if 'relaxed' not in child.outputs:
            return failure(self, 'ERROR_ENGINE_FAILED', child)
        relaxed = child.outputs.relaxed
        self.ctx.turns += 1
        engines = [node.facts['engine'] for node in self.ctx.recalled.values()]
        if any(engine_differences(one, relaxed.facts['engine']) for one in engines):
            self.report('the engine is not what it was: all energies are computed anew')
            self.ctx.recalled, self.ctx.missing = {}, self.ctx.chosen
        else:
            self.ctx.relaxed = relaxed
        return None

    def collect_energies(self) -> ExitCode | None:
        """Put all energies together, and keep the distinct crystals."""
        fresh = {}
        if 'relaxed' in self.ctx:
            fresh = {'missing': self.ctx.missing, 'relaxed': self.ctx.relaxed}
        collected = run_once(
            self,
            collect_references,
            'collect',
            chosen=self.ctx.chosen,
            **fresh,
            **self.ctx.recalled,
        )
        if not collected.is_finished_ok:
            return failure(self, 'ERROR_COLLECTION_FAILED', collected)
        self.ctx.entries = collected.outputs.entries
        distinct = run_once(
            self,
            deduplicate,
            'distinct',
            structures=self.ctx.entries,
            settings=self.inputs.duplicates,
        )
        if not distinct.is_finished_ok:
            return failure(self, 'ERROR_COLLECTION_FAILED', distinct)
        self.ctx.references = distinct.outputs.distinct
        return None

    def finalize(self) -> ExitCode | None:
        """Return what there is, and say if it spans no hull."""
        self.out('entries', self.ctx.entries)
        self.out('references', self.ctx.references)
        elements = self.inputs.settings['elements']
        lost = elements_without_energy(crystals_from_node(self.ctx.entries), elements)
        self.report(f'{self.ctx.references.number} distinct references')
        return self.exit_codes.ERROR_NO_HULL.format(elements=', '.join(lost)) if lost else None


def _are_settings(node: orm.Dict, _: Any) -> str | None:
    """Return why the crystals cannot be chosen, or nothing."""
    from aiida_crystalgen.science.stability.references import ReferenceSettings

    return _problem(ReferenceSettings, node)


def _are_duplicates(node: orm.Dict, _: Any) -> str | None:
    """Return what is wrong with the comparison of crystals, or nothing."""
    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings

    return _problem(DuplicateSettings, node)


def _is_positive(node: orm.Int, _: Any) -> str | None:
    """Return why it is no number of prototypes, or nothing."""
    return None if node.value > 0 else f'{node.value} prototypes are asked for; it is at least 1.'


def _problem(settings: type[Settings], node: orm.Dict) -> str | None:
    """Return why a node does not hold these settings, or nothing."""
    try:
        settings.parse(node.get_dict())
    except ValueError as exception:
        return f'{str(exception).rstrip(".")}.'
    return None


_EXIT_CODES = {
    450: ('ERROR_NO_CRYSTALS', 'There are no references to relax; {process}: {reason}.'),
    451: ('ERROR_ENGINE_FAILED', 'The references have no energies; {process}: {reason}.'),
    452: ('ERROR_COLLECTION_FAILED', 'The energies do not fit together; {process}: {reason}.'),
    453: ('ERROR_NO_HULL', 'There is no hull: no crystal of {elements} has an energy.'),
    454: ('ERROR_SCREENING_FAILED', 'The prototypes could not be screened; {process}: {reason}.'),
}

"""The search: train, propose, screen, relax, and record the phases that come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, ToContext, WorkChain, if_

from aiida_crystalgen.calculations.functions.deduplicate import deduplicate
from aiida_crystalgen.calculations.functions.find_phases import find_phases
from aiida_crystalgen.calculations.functions.record_phases import record_phases
from aiida_crystalgen.calculations.functions.screen import screen
from aiida_crystalgen.calculations.propose import is_request
from aiida_crystalgen.calculations.verb import is_seed
from aiida_crystalgen.data.groups import PhaseGroup
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.propose import ProposeWorkChain
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain
from aiida_crystalgen.workflows.train import TrainWorkChain
from aiida_crystalgen.workflows.verify import VerifyWorkChain

__all__ = ('SearchWorkChain',)


class SearchWorkChain(WorkChain):
    """Search for crystals of one composition with one or several generators."""

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        spec.input(
            'references',
            valid_type=StructureSetData,
            help='Known crystals: to learn from, to be similar to, and to span the hull.',
        )
        spec.input_namespace(
            'generators', dynamic=True, help='The generators, each under a label of its own.'
        )
        for name, text in _SETTINGS.items():
            spec.input(name, valid_type=orm.Dict, serializer=orm.to_aiida_type, help=text)
        spec.expose_inputs(PotentialRelaxWorkChain, namespace='relax', exclude=('structures',))
        spec.expose_inputs(
            VerifyWorkChain,
            namespace='verify',
            exclude=('phases', 'references'),
            namespace_options={
                'required': False,
                'populate_defaults': False,
                'help': 'How the lowest phases are verified; without it they are not.',
            },
        )
        spec.input(
            'seed',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            validator=is_seed,
            help='Seed of the search; those of its stages derive from it.',
        )
        spec.input(
            'code',
            valid_type=orm.AbstractCode,
            required=False,
            help='Code whose executable is crystalgen-run; without it all runs in the process.',
        )
        for name, text in _OUTPUTS.items():
            spec.output(name, valid_type=StructureSetData, required=False, help=text)
        spec.output(
            'verdicts',
            valid_type=orm.ArrayData,
            required=False,
            help='How far each proposal came, and why no further.',
        )
        for name, text in _NAMESPACES.items():
            spec.output_namespace(name, dynamic=True, help=text)
        spec.inputs.validator = _validate_generators
        spec.outline(
            cls.setup,
            if_(cls.should_relax_references)(cls.relax_references, cls.inspect_references),
            cls.train_generators,
            cls.inspect_training,
            cls.propose_crystals,
            cls.inspect_proposals,
            cls.screen_proposals,
            cls.relax_accepted,
            cls.inspect_relaxation,
            cls.find_phases,
            if_(cls.should_verify)(cls.verify_phases),
            cls.record_phases,
            cls.finalize,
        )
        for status, (label, message) in _EXIT_CODES.items():
            spec.exit_code(status, label, message=message)

    @classmethod
    def get_builder_from_protocol(
        cls,
        composition: str,
        references: StructureSetData | str,
        *,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder of a search for crystals of a composition.

        :param composition: formula unit, as in 'SnSe'.
        :param references: known crystals, as a node or the label of a dataset.
        :param protocol: 'fast', 'balanced', 'stringent' or 'lee-chang-2021'.
        :param code: whose executable is crystalgen-run; None runs all in the process.
        :param overrides: what differs from the protocol, with the keys of its YAML file.
        :raises ValueError: if a key or a value does not fit; the message names both.
        """
        from aiida_crystalgen.workflows.specification import search_inputs

        builder = cls.get_builder()
        inputs = search_inputs(composition, references, protocol, overrides, code)
        for name, value in inputs.items():
            builder[name] = value
        return builder

    def setup(self) -> None:
        """Start from the references as they are given."""
        self.ctx.references = self.inputs.references

    def should_relax_references(self) -> bool:
        """Return whether the references lack energies of this search's engine."""
        engine = self.inputs.references.facts.get('engine', {})
        return engine.get('name') != self.inputs.relax.potential.value

    def relax_references(self) -> ToContext:
        """Relax the references with the engine of this search."""
        return ToContext(known=self._submit_relaxation('references', self.inputs.references))

    def inspect_references(self) -> ExitCode | None:
        """Keep the distinct references that came through."""
        if 'relaxed' not in self.ctx.known.outputs:
            return failure(self, 'ERROR_REFERENCES_FAILED', self.ctx.known)
        distinct = run_once(
            self,
            deduplicate,
            'distinct_references',
            structures=self.ctx.known.outputs.relaxed,
            settings=self.inputs.duplicates,
        )
        if not distinct.is_finished_ok:
            return failure(self, 'ERROR_REFERENCES_FAILED', distinct)
        self.ctx.references = distinct.outputs.distinct
        return None

    def train_generators(self) -> ToContext:
        """Train each generator that learns and has no checkpoint yet."""
        return ToContext(
            **{
                f'train_{label}': submit_once(
                    self,
                    TrainWorkChain,
                    f'train_{label}',
                    training=self.ctx.references,
                    method=generator['method'],
                    settings=generator['settings'],
                    seed=self._seed('train', label),
                    **self._code(),
                )
                for label, generator in self.inputs.generators.items()
                if 'settings' in generator
            }
        )

    def inspect_training(self) -> ExitCode | None:
        """Collect the checkpoints; a search goes on without the generators that failed."""
        self.ctx.checkpoints, self.ctx.ready = {}, []
        failed = None
        for label, generator in self.inputs.generators.items():
            training = self.ctx.get(f'train_{label}')
            if training is not None and not training.is_finished_ok:
                failed = failure(self, 'ERROR_TRAINING_FAILED', training)
                continue
            self.ctx.ready.append(label)
            if training is not None:
                self.ctx.checkpoints[label] = training.outputs.checkpoint
            elif 'checkpoint' in generator:
                self.ctx.checkpoints[label] = generator['checkpoint']
        return None if self.ctx.ready else failed

    def propose_crystals(self) -> ToContext:
        """Let each generator propose."""
        children = {}
        for label in self.ctx.ready:
            generator = self.inputs.generators[label]
            inputs = {name: generator[name] for name in ('method', 'request')} | self._code()
            if label in self.ctx.checkpoints:
                inputs['checkpoint'] = self.ctx.checkpoints[label]
            name = f'propose_{label}'
            children[name] = submit_once(
                self, ProposeWorkChain, name, seed=self._seed('propose', label), **inputs
            )
        return ToContext(**children)

    def inspect_proposals(self) -> ExitCode | None:
        """Collect the proposals; a search goes on without the generators that failed."""
        self.ctx.proposals = {}
        failed = None
        for label in self.ctx.ready:
            child = self.ctx[f'propose_{label}']
            if child.is_finished_ok:
                self.ctx.proposals[label] = child.outputs.proposals
            else:
                failed = failure(self, 'ERROR_PROPOSING_FAILED', child)
        return None if self.ctx.proposals else failed

    def screen_proposals(self) -> ExitCode | None:
        """Choose what to relax."""
        screening = run_once(
            self,
            screen,
            'screen',
            references=self.ctx.references,
            settings=self.inputs.screening,
            **self.ctx.proposals,
        )
        if not screening.is_finished_ok:
            return failure(self, 'ERROR_SCREENING_FAILED', screening)
        self.ctx.verdicts = screening.outputs.verdicts
        proposed = sum(node.number for node in self.ctx.proposals.values())
        if 'accepted' not in screening.outputs:
            self._give_out()
            return self.exit_codes.ERROR_NO_SURVIVORS.format(number=proposed)
        self.ctx.accepted = screening.outputs.accepted
        self.report(f'accepted {self.ctx.accepted.number} of {proposed} proposals')
        return None

    def relax_accepted(self) -> ToContext:
        """Relax the accepted proposals."""
        return ToContext(relaxation=self._submit_relaxation('relax', self.ctx.accepted))

    def inspect_relaxation(self) -> ExitCode | None:
        """Go on with all crystals that came through, even if the job was cut short."""
        relaxation = self.ctx.relaxation
        if 'relaxed' not in relaxation.outputs:
            self._give_out()
            return failure(self, 'ERROR_RELAXATION_FAILED', relaxation)
        self.ctx.relaxed = relaxation.outputs.relaxed
        self.report(f'relaxed {self.ctx.relaxed.number} crystals')
        return None

    def find_phases(self) -> ExitCode | None:
        """Reduce the relaxed crystals to phases."""
        found = run_once(
            self,
            find_phases,
            'find_phases',
            relaxed=self.ctx.relaxed,
            references=self.ctx.references,
            settings=self.inputs.phases,
        )
        if not found.is_finished_ok or 'phases' not in found.outputs:
            self._give_out()
            if not found.is_finished_ok:
                return failure(self, 'ERROR_COMPARISON_FAILED', found)
            return self.exit_codes.ERROR_NO_PHASES.format(number=self.ctx.relaxed.number)
        self.ctx.phases = found.outputs.phases
        return None

    def should_verify(self) -> bool:
        """Return whether an engine is given that verifies the phases."""
        return 'verify' in self.inputs and bool(self.inputs.verify)

    def verify_phases(self) -> ToContext:
        """Let the engine relax the lowest phases, and judge them."""
        inputs = self.exposed_inputs(VerifyWorkChain, namespace='verify', agglomerate=False)
        verification = submit_once(
            self,
            VerifyWorkChain,
            'verify',
            phases=self.ctx.phases,
            references=self.ctx.references,
            **inputs,
        )
        return ToContext(verification=verification)

    def record_phases(self) -> ExitCode | None:
        """Take the records of the verification, or make those that the potential allows."""
        if 'verification' in self.ctx and 'records' in self.ctx.verification.outputs:
            self.ctx.records = dict(self.ctx.verification.outputs.records)
            return None
        recorded = run_once(
            self,
            record_phases,
            'record_phases',
            phases=self.ctx.phases,
            references=self.ctx.references,
        )
        if not recorded.is_finished_ok:
            return failure(self, 'ERROR_COMPARISON_FAILED', recorded)
        self.ctx.records = {
            link.link_label: link.node for link in recorded.base.links.get_outgoing().all()
        }
        return None

    def finalize(self) -> ExitCode | None:
        """Return everything, and put the records in the group of this search."""
        self._give_out()
        records = [node for label, node in self.ctx.records.items() if label.endswith('_record')]
        group, _ = PhaseGroup.collection.get_or_create(label=f'search-{self.uuid}')
        group.add_nodes(records)
        self.report(f'found {len(records)} phases, in group {group.label}')
        if 'verification' in self.ctx and not self.ctx.verification.is_finished_ok:
            return failure(self, 'ERROR_VERIFICATION_FAILED', self.ctx.verification)
        return None

    def _give_out(self) -> None:
        """Return what there is so far."""
        for name in ('references', 'verdicts', 'relaxed', 'phases'):
            if name in self.ctx:
                self.out(name, self.ctx[name])
        for name in ('checkpoints', 'proposals', 'records'):
            for label, node in self.ctx.get(name, {}).items():
                self.out(f'{name}.{label}', node)

    def _submit_relaxation(self, label: str, structures: StructureSetData) -> orm.ProcessNode:
        """Return the relaxation of a set of structures by the engine of this search."""
        inputs = {
            **self._code(),
            **self.exposed_inputs(PotentialRelaxWorkChain, namespace='relax'),
        }
        return submit_once(self, PotentialRelaxWorkChain, label, structures=structures, **inputs)

    def _code(self) -> dict[str, orm.AbstractCode]:
        """Return the code of the search as an input of its children."""
        return {'code': self.inputs.code} if 'code' in self.inputs else {}

    def _seed(self, stage: str, label: str) -> orm.Int:
        """Return the seed of a stage of the first round."""
        return orm.Int(derive_seed(self.inputs['seed'].value, 1, stage, label))


def _validate_generators(inputs: Mapping[str, Any], _: Any) -> str | None:
    """Return what is wrong with the generators, or nothing."""
    if not inputs.get('generators'):
        return 'generators is empty; a search needs at least one.'
    for label, generator in inputs['generators'].items():
        if not {'method', 'request'} <= set(generator):
            return f"generators.{label} needs 'method' and 'request'."
        problem = is_request(generator['request'], None)
        if problem:
            return f'generators.{label}.request: {problem}.'
    return None


_SETTINGS = {
    'screening': 'Which proposals are worth a relaxation.',
    'duplicates': 'When two references are the same crystal.',
    'phases': 'What counts as a phase.',
}
_OUTPUTS = {
    'references': 'The references with energies of the engine of this search.',
    'relaxed': 'The accepted proposals after relaxation, one row each.',
    'phases': 'The distinct physical crystals, the lowest first.',
}
_NAMESPACES = {
    'checkpoints': 'The model of each generator that learns.',
    'proposals': 'All rows of each generator, rejected ones with their reason.',
    'records': 'Structure and record of each phase, named by its row in the phases.',
}
_EXIT_CODES = {
    430: ('ERROR_REFERENCES_FAILED', 'The references have no energies: {process}: {reason}.'),
    431: ('ERROR_TRAINING_FAILED', 'No generator could be trained; {process}: {reason}.'),
    432: ('ERROR_PROPOSING_FAILED', 'No generator could propose; {process}: {reason}.'),
    433: ('ERROR_SCREENING_FAILED', 'The proposals could not be screened; {process}: {reason}.'),
    434: ('ERROR_NO_SURVIVORS', 'None of the {number} proposals survived screening.'),
    435: ('ERROR_RELAXATION_FAILED', 'Nothing was relaxed; {process}: {reason}.'),
    436: ('ERROR_COMPARISON_FAILED', 'The phases could not be compared; {process}: {reason}.'),
    437: ('ERROR_NO_PHASES', 'None of {number} relaxed crystals is physical and low in energy.'),
    438: ('ERROR_VERIFICATION_FAILED', 'Not all is verified; {process}: {reason}.'),
}

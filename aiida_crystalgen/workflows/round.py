"""One round of a search: train, propose, screen, relax, verify, and record the phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessSpec, ToContext, WorkChain, if_

from aiida_crystalgen.calculations.functions.find_phases import find_phases
from aiida_crystalgen.calculations.functions.record_phases import record_phases
from aiida_crystalgen.calculations.functions.screen import screen
from aiida_crystalgen.calculations.outputs import attach_outputs
from aiida_crystalgen.calculations.propose import is_request
from aiida_crystalgen.calculations.verb import is_seed
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.control import is_stop_requested
from aiida_crystalgen.workflows.propose import ProposeWorkChain
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain
from aiida_crystalgen.workflows.train import TrainWorkChain
from aiida_crystalgen.workflows.verify import VerifyWorkChain, define_earlier

__all__ = ('RoundWorkChain',)

_EARLIER = {
    'phases': 'Phases found before.',
    'accepted': 'What was accepted before, and is not accepted again.',
}


class RoundWorkChain(WorkChain):
    """One round of a search, which goes on from where the rounds before it ended.

    Its phases are those of all rounds. Asked to stop, it ends after the stage that is running, with
    the phases that there are by then.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        cls._define_inputs(spec)
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
        spec.expose_outputs(VerifyWorkChain, namespace='verification', exclude=('records',))
        spec.outputs['verification'].required = False
        for port in spec.outputs['verification'].values():
            port.required = False
        spec.outline(
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
    def _define_inputs(cls, spec: ProcessSpec) -> None:
        """Define the input ports."""
        for name, text in _SETS.items():
            spec.input(name, valid_type=StructureSetData, help=text)
        spec.input_namespace(
            'generators',
            dynamic=True,
            help='Generators, each under a label of its own: method, request, and either settings '
            'of its training, or a checkpoint, or both to start the training from it; templates '
            'for those that put elements into known structures.',
        )
        spec.inputs['generators'].validator = _check_generators
        for name, text in _SETTINGS.items():
            spec.input(name, valid_type=orm.Dict, serializer=orm.to_aiida_type, help=text)
        spec.expose_inputs(PotentialRelaxWorkChain, namespace='relax', exclude=('structures',))
        spec.expose_inputs(
            VerifyWorkChain,
            namespace='verify',
            exclude=('phases', 'references', 'round_number', 'earlier'),
            namespace_options={
                'required': False,
                'populate_defaults': False,
                'help': 'How the lowest phases are verified; without it they are not.',
            },
        )
        for name, text in _EARLIER.items():
            spec.input(f'earlier.{name}', valid_type=StructureSetData, required=False, help=text)
        define_earlier(spec, 'verified')
        cls._define_course(spec)

    @classmethod
    def _define_course(cls, spec: ProcessSpec) -> None:
        """Define which round it is, its seed, and where it runs."""
        spec.input(
            'round_number',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            help='Of the round in its search, the first one being 1.',
        )
        spec.input(
            'seed',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            validator=is_seed,
            help='Seed of the search; those of the stages of each round derive from it.',
        )
        for name, (kind, text) in _OPTIONAL.items():
            spec.input(
                name, valid_type=kind, required=False, serializer=orm.to_aiida_type, help=text
            )

    def train_generators(self) -> ToContext | ExitCode:
        """Train each generator that learns; those with equal settings learn together."""
        if is_stop_requested(self.node):
            return self._stop('training')
        self.ctx.teachers, children = {}, {}
        for label, generator in self.inputs.generators.items():
            if 'settings' not in generator:
                continue
            key = generator['settings'].uuid
            if key not in self.ctx.teachers:
                self.ctx.teachers[key] = f'train_{label}'
                children[f'train_{label}'] = self._train(label, generator)
        return ToContext(**children)

    def inspect_training(self) -> ExitCode | None:
        """Collect the checkpoints; a round goes on without the generators that failed."""
        self.ctx.checkpoints, self.ctx.ready = {}, []
        failed = None
        for label, generator in self.inputs.generators.items():
            if 'settings' in generator:
                training = self.ctx[self.ctx.teachers[generator['settings'].uuid]]
                if not training.is_finished_ok:
                    failed = failure(self, 'ERROR_TRAINING_FAILED', training)
                    continue
                self.ctx.checkpoints[label] = training.outputs.checkpoint
            elif 'checkpoint' in generator:
                self.ctx.checkpoints[label] = generator['checkpoint']
            self.ctx.ready.append(label)
        self._give_out('checkpoints')
        return None if self.ctx.ready else failed

    def propose_crystals(self) -> ToContext | ExitCode:
        """Let each generator propose."""
        if is_stop_requested(self.node):
            return self._stop('proposing')
        children = {}
        for label in self.ctx.ready:
            generator = self.inputs.generators[label]
            given = ('method', 'request', 'templates')
            inputs = {name: generator[name] for name in given if name in generator} | self._code()
            if label in self.ctx.checkpoints:
                inputs['checkpoint'] = self.ctx.checkpoints[label]
            name = f'propose_{label}'
            children[name] = submit_once(
                self, ProposeWorkChain, name, seed=self._seed('propose', label), **inputs
            )
        return ToContext(**children)

    def inspect_proposals(self) -> ExitCode | None:
        """Collect the proposals; a round goes on without the generators that failed."""
        self.ctx.proposals = {}
        failed = None
        for label in self.ctx.ready:
            child = self.ctx[f'propose_{label}']
            if child.is_finished_ok:
                self.ctx.proposals[label] = child.outputs.proposals
            else:
                failed = failure(self, 'ERROR_PROPOSING_FAILED', child)
        self._give_out('proposals')
        return None if self.ctx.proposals else failed

    def screen_proposals(self) -> ExitCode | None:
        """Choose what to relax."""
        screening = run_once(
            self,
            screen,
            'screen',
            references=self.inputs.training,
            settings=self.inputs.screening,
            **self._earlier('accepted'),
            **self.ctx.proposals,
        )
        if not screening.is_finished_ok:
            return failure(self, 'ERROR_SCREENING_FAILED', screening)
        self.out('verdicts', screening.outputs.verdicts)
        proposed = sum(node.number for node in self.ctx.proposals.values())
        if 'accepted' not in screening.outputs:
            return self.exit_codes.ERROR_NO_SURVIVORS.format(number=proposed)
        self.ctx.accepted = screening.outputs.accepted
        self.out('accepted', self.ctx.accepted)
        self.report(f'accepted {self.ctx.accepted.number} of {proposed} proposals')
        return None

    def relax_accepted(self) -> ToContext | ExitCode:
        """Relax the accepted proposals."""
        if is_stop_requested(self.node):
            return self._stop('relaxation')
        chosen = self.exposed_inputs(PotentialRelaxWorkChain, namespace='relax')
        inputs = {**self._code(), **chosen}
        relaxation = submit_once(
            self, PotentialRelaxWorkChain, 'relax', structures=self.ctx.accepted, **inputs
        )
        return ToContext(relaxation=relaxation)

    def inspect_relaxation(self) -> ExitCode | None:
        """Go on with all crystals that came through, even if the job was cut short."""
        relaxation = self.ctx.relaxation
        if 'relaxed' not in relaxation.outputs:
            return failure(self, 'ERROR_RELAXATION_FAILED', relaxation)
        self.ctx.relaxed = relaxation.outputs.relaxed
        self.out('relaxed', self.ctx.relaxed)
        self.report(f'relaxed {self.ctx.relaxed.number} crystals')
        return None

    def find_phases(self) -> ExitCode | None:
        """Reduce the relaxed crystals, and the phases so far, to phases."""
        found = run_once(
            self,
            find_phases,
            'find_phases',
            relaxed=self.ctx.relaxed,
            references=self.inputs.references,
            settings=self.inputs.phases,
            round_number=self.inputs.round_number,
            **self._earlier('phases'),
        )
        if not found.is_finished_ok:
            return failure(self, 'ERROR_COMPARISON_FAILED', found)
        if 'phases' not in found.outputs:
            return self.exit_codes.ERROR_NO_PHASES.format(number=self.ctx.relaxed.number)
        self.ctx.phases = found.outputs.phases
        self.out('phases', self.ctx.phases)
        return None

    def should_verify(self) -> bool:
        """Return whether an engine is given that verifies the phases, and may still start."""
        return bool(self.inputs.get('verify')) and not is_stop_requested(self.node)

    def verify_phases(self) -> ToContext:
        """Let the engine relax the lowest phases, and judge them."""
        inputs = self.exposed_inputs(VerifyWorkChain, namespace='verify', agglomerate=False)
        verification = submit_once(
            self,
            VerifyWorkChain,
            'verify',
            phases=self.ctx.phases,
            references=self.inputs.references,
            round_number=self.inputs.round_number,
            **inputs,
            earlier=self.inputs.get('verified', {}),
        )
        return ToContext(verification=verification)

    def record_phases(self) -> ExitCode | None:
        """Take the records of the verification, or make those that the potential allows."""
        if 'verification' in self.ctx:
            outputs = self.exposed_outputs(
                self.ctx.verification, VerifyWorkChain, namespace='verification'
            )
            self.out_many(outputs)
            if 'records' in self.ctx.verification.outputs:
                self.ctx.records = dict(self.ctx.verification.outputs.records)
                return None
        recorded = run_once(
            self,
            record_phases,
            'record_phases',
            phases=self.ctx.phases,
            references=self.inputs.references,
        )
        if not recorded.is_finished_ok:
            return failure(self, 'ERROR_COMPARISON_FAILED', recorded)
        self.ctx.records = {
            link.link_label: link.node for link in recorded.base.links.get_outgoing().all()
        }
        return None

    def finalize(self) -> ExitCode | None:
        """Return the records, and say what is missing of the verification."""
        self._give_out('records')
        if 'verification' in self.ctx and not self.ctx.verification.is_finished_ok:
            return failure(self, 'ERROR_VERIFICATION_FAILED', self.ctx.verification)
        if self.inputs.get('verify') and 'verification' not in self.ctx:
            return self._stop('verification')
        return None

    def _stop(self, stage: str) -> ExitCode:
        """Return the exit code of a round that was asked to stop."""
        return self.exit_codes.STOPPED.format(stage=stage)

    def _give_out(self, name: str) -> None:
        """Return what there is of a namespace of the context."""
        outputs = {f'{name}.{label}': node for label, node in self.ctx[name].items()}
        attach_outputs(outputs)
        self.out_many(outputs)

    def _earlier(self, name: str) -> dict[str, StructureSetData]:
        """Return what the rounds before have left of this name, as an input of a function."""
        earlier = self.inputs.get('earlier', {})
        return {'earlier': earlier[name]} if name in earlier else {}

    def _train(self, label: str, generator: Mapping[str, Any]) -> orm.ProcessNode:
        """Return the training of a generator, from its model where there is one."""
        start = {'start': generator['checkpoint']} if 'checkpoint' in generator else {}
        return submit_once(
            self,
            TrainWorkChain,
            f'train_{label}',
            training=self.inputs.training,
            method=generator['method'],
            settings=generator['settings'],
            seed=self._seed('train', label),
            **start,
            **self._code(),
        )

    def _code(self) -> dict[str, orm.AbstractCode]:
        """Return the code of the search, and the options of its jobs, as inputs of children."""
        return {name: self.inputs[name] for name in ('code', 'options') if name in self.inputs}

    def _seed(self, stage: str, label: str) -> orm.Int:
        """Return the seed of a stage of this round."""
        number = self.inputs.round_number.value
        return orm.Int(derive_seed(self.inputs['seed'].value, number, stage, label))


def _check_generators(generators: Mapping[str, Any], _: Any) -> str | None:
    """Return what is wrong with the generators, or nothing."""
    if not generators:
        return 'generators is empty; a search needs at least one.'
    for label, generator in generators.items():
        if not {'method', 'request'} <= set(generator):
            return f"generators.{label} needs 'method' and 'request'."
        problem = is_request(generator['request'], None)
        if problem:
            return f'generators.{label}.request: {problem}.'
    return None


_SETS = {
    'references': 'Known crystals with energies of the engine of the search: they span the hull.',
    'training': 'The references, and what was found before: to learn from and be similar to.',
}
_SETTINGS = {
    'screening': 'Which proposals are worth a relaxation.',
    'phases': 'What counts as a phase.',
}
_OPTIONAL = {
    'code': (
        orm.AbstractCode,
        'Code whose executable is crystalgen-run; without it all runs in the process.',
    ),
    'options': (
        orm.Dict,
        'Options of the jobs that train and propose; those of the relaxation are its own.',
    ),
}
_OUTPUTS = {
    'accepted': 'The proposals that were worth a relaxation.',
    'relaxed': 'These after relaxation, one row each.',
    'phases': 'The distinct physical crystals of all rounds, the lowest first.',
}
_NAMESPACES = {
    'checkpoints': 'The model of each generator that learns.',
    'proposals': 'All rows of each generator, rejected ones with their reason.',
    'records': 'Structure and record of each phase, named by its row in the phases.',
}
_EXIT_CODES = {
    431: ('ERROR_TRAINING_FAILED', 'No generator could be trained; {process}: {reason}.'),
    432: ('ERROR_PROPOSING_FAILED', 'No generator could propose; {process}: {reason}.'),
    433: ('ERROR_SCREENING_FAILED', 'The proposals could not be screened; {process}: {reason}.'),
    434: ('ERROR_NO_SURVIVORS', 'None of the {number} proposals survived screening.'),
    435: ('ERROR_RELAXATION_FAILED', 'Nothing was relaxed; {process}: {reason}.'),
    436: ('ERROR_COMPARISON_FAILED', 'The phases could not be compared; {process}: {reason}.'),
    437: ('ERROR_NO_PHASES', 'None of {number} relaxed crystals is physical and low in energy.'),
    438: ('ERROR_VERIFICATION_FAILED', 'Not all is verified; {process}: {reason}.'),
    450: ('STOPPED', 'The search was asked to stop, before its {stage}.'),
}

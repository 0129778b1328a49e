"""The search: rounds of training, proposing and relaxing until a budget is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, ToContext, WorkChain, if_, while_

from aiida_crystalgen.calculations.functions.allot import allot
from aiida_crystalgen.calculations.functions.deduplicate import deduplicate
from aiida_crystalgen.calculations.functions.grow import grow
from aiida_crystalgen.calculations.functions.join import join
from aiida_crystalgen.calculations.outputs import attach_outputs
from aiida_crystalgen.data.groups import PhaseGroup
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.workflows.budget import (
    Budget,
    Spent,
    count_dft_calculations,
    has_new_phase,
    hours_since,
    is_budget,
)
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.clean_up import clean_up
from aiida_crystalgen.workflows.control import is_stop_requested
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain
from aiida_crystalgen.workflows.round import RoundWorkChain

__all__ = ('SearchWorkChain',)


class SearchWorkChain(WorkChain):
    """Search for crystals of one or several compositions with one or several generators.

    It goes round after round: the phases and what was tried accumulate, models are trained again
    with what was found, and the generators share the candidates by their yields.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        spec.expose_inputs(RoundWorkChain, exclude=('training', 'round_number'))
        for name, text in _SETTINGS.items():
            spec.input(name, valid_type=orm.Dict, serializer=orm.to_aiida_type, help=text)
        spec.input(
            'budget',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            validator=is_budget,
            help='When the search ends, see `aiida_crystalgen.workflows.budget.Budget`.',
        )
        spec.input(
            'clean_up',
            valid_type=orm.Bool,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Bool(False),
            help='Whether the working folders of the jobs of a round are removed once it is done.',
        )
        spec.input(
            'training',
            valid_type=StructureSetData,
            required=False,
            help='What models learn from, in place of the references.',
        )
        cls._define_continuation(spec)
        for name, text in _OUTPUTS.items():
            spec.output(name, valid_type=StructureSetData, required=False, help=text)
        for name, text in _NAMESPACES.items():
            spec.output_namespace(name, dynamic=True, help=text)
        spec.outline(
            cls.setup,
            if_(cls.should_relax_references)(cls.relax_references, cls.inspect_references),
            if_(cls.is_continuation)(cls.learn),
            while_(cls.has_budget)(
                cls.run_round, cls.inspect_round, if_(cls.has_budget)(cls.learn)
            ),
            cls.finalize,
        )
        for status, (label, message) in _EXIT_CODES.items():
            spec.exit_code(status, label, message=message)

    @classmethod
    def _define_continuation(cls, spec: ProcessSpec) -> None:
        """Define what only a search that continues another one is given."""
        spec.input(
            'rounds_before',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Int(0),
            help='Number of rounds of the searches that this one continues.',
        )
        spec.input(
            'spent',
            valid_type=orm.Dict,
            required=False,
            serializer=orm.to_aiida_type,
            help='Candidates of each generator in the searches that this one continues.',
        )

    @classmethod
    def get_builder_from_protocol(
        cls,
        composition: Any,
        references: StructureSetData | str,
        *,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
        training: StructureSetData | str | None = None,
    ) -> ProcessBuilder:
        """Return a builder of a search for crystals of some compositions.

        :param composition: formula unit, as in 'SnSe', or a list of them, or a chemical system, as
            in ``{'system': ['Sn', 'Se'], 'atoms': 4}``, for all formula units of up to 4 atoms.
        :param references: known crystals, as a node or the label of a dataset.
        :param protocol: 'fast', 'balanced', 'stringent' or 'lee-chang-2021'.
        :param code: whose executable is crystalgen-run; None runs all in the process.
        :param overrides: what differs from the protocol, with the keys of its YAML file.
        :param training: what models learn from, as references; the references if None.
        :raises ValueError: if a key or a value does not fit; the message names both.
        """
        from aiida_crystalgen.workflows.specification import search_inputs

        builder = cls.get_builder()
        inputs = search_inputs(composition, references, protocol, overrides, code, training)
        for name, value in inputs.items():
            builder[name] = value
        return builder

    def setup(self) -> None:
        """Start from what is given, also by the search that this one continues."""
        self.ctx.references = self.inputs.references
        self.ctx.generators = {
            label: dict(generator) for label, generator in self.inputs.generators.items()
        }
        self.ctx.earlier = dict(self.inputs.get('earlier', {}))
        self.ctx.verified = dict(self.inputs.get('verified', {}))
        self.ctx.records = {}
        self.ctx.checkpoints = {
            label: generator['checkpoint']
            for label, generator in self.ctx.generators.items()
            if 'checkpoint' in generator
        }
        self.ctx.spent = dict.fromkeys(self.ctx.generators, 0)
        if 'spent' in self.inputs:
            self.ctx.spent.update(self.inputs.spent.get_dict())
        self.ctx.candidates = 0
        self.ctx.rounds, self.ctx.dft_calculations, self.ctx.without_new_phase = 0, 0, 0
        self.ctx.problem = ''

    def should_relax_references(self) -> bool:
        """Return whether the references lack energies of this search's engine."""
        engine = self.inputs.references.facts.get('engine', {})
        pressure = self.inputs.relax.settings.get_dict().get('pressure', 0.0)
        return (
            engine.get('name') != self.inputs.relax.potential.value
            or engine.get('pressure', 0.0) != pressure
        )

    def relax_references(self) -> ToContext:
        """Relax the references with the engine of this search."""
        inputs = {name: self.inputs.relax[name] for name in self.inputs.relax if name != 'metadata'}
        if 'code' in self.inputs:
            inputs['code'] = self.inputs.code
        child = submit_once(
            self,
            PotentialRelaxWorkChain,
            'references',
            structures=self.inputs.references,
            **inputs,
        )
        return ToContext(known=child)

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

    def is_continuation(self) -> bool:
        """Return whether other searches have left something to learn from."""
        return bool(self.inputs.rounds_before.value)

    def has_budget(self) -> bool:
        """Return whether another round may begin."""
        if 'references' not in self.outputs:
            self.out('references', self.ctx.references)
        if is_stop_requested(self.node):
            self.ctx.ending = 'it was asked to stop'
            return False
        self.ctx.ending = Budget.parse(self.inputs.budget.get_dict(), 'budget').reason_to_end(
            Spent(
                rounds=self.ctx.rounds,
                candidates=self.ctx.candidates,
                dft_calculations=self.ctx.dft_calculations,
                hours=hours_since(self.node.ctime),
                without_new_phase=self.ctx.without_new_phase,
            )
        )
        return self.ctx.ending is None

    def run_round(self) -> ToContext:
        """Begin a round, with the training set and the models of those before."""
        number = self.inputs.rounds_before.value + self.ctx.rounds + 1
        self.report(f'begins round {number}')
        inputs = self.exposed_inputs(RoundWorkChain)
        inputs.pop('metadata', None)
        inputs['references'] = self.ctx.references
        inputs['generators'] = self.ctx.generators
        inputs['earlier'], inputs['verified'] = self.ctx.earlier, self.ctx.verified
        child = submit_once(
            self,
            RoundWorkChain,
            f'round_{number}',
            training=self.ctx.get('training', self._taught()),
            round_number=orm.Int(number),
            **inputs,
        )
        return ToContext(round=child)

    def inspect_round(self) -> ExitCode | None:
        """Collect what a round has left; one that found nothing is no failure of the search."""
        child = self.ctx.round
        number = child.inputs.round_number.value
        self._pass_on(child, f'rounds.round_{number}')
        if child.exit_status not in _HARMLESS:
            self._give_out()
            return failure(self, 'ERROR_ROUND_FAILED', child)
        if self.inputs.clean_up.value:
            self._clean_up(child)
        self.ctx.rounds += 1
        self.ctx.dft_calculations += count_dft_calculations(child)
        for label, generator in self.ctx.generators.items():
            self.ctx.spent[label] += generator['request']['candidates']
            self.ctx.candidates += generator['request']['candidates']
        self.ctx.without_new_phase = (
            0 if has_new_phase(child, number) else self.ctx.without_new_phase + 1
        )
        self.ctx.problem = '' if child.is_finished_ok else str(child.exit_message)
        return self._accumulate(child, number)

    def learn(self) -> ExitCode | None:
        """Let the training set grow, and share out the candidates of the next round."""
        number = self.inputs.rounds_before.value + self.ctx.rounds
        earlier = self.ctx.earlier
        phases = {'phases': earlier['phases']} if 'phases' in earlier else {}
        if phases:
            grown = run_once(
                self,
                grow,
                f'grow_{number}',
                structures=self._taught(),
                settings=self.inputs.growth,
                **phases,
            )
            if not grown.is_finished_ok:
                return failure(self, 'ERROR_LEARNING_FAILED', grown)
            self.ctx.training = grown.outputs.training
        allotted = run_once(
            self,
            allot,
            f'allot_{number + 1}',
            settings=self.inputs.allocation,
            seed=orm.Int(derive_seed(self.inputs.seed.value, number + 1, 'allot')),
            spent=orm.Dict(self.ctx.spent),
            **phases,
            **{label: one['request'] for label, one in self.inputs.generators.items()},
        )
        if not allotted.is_finished_ok:
            return failure(self, 'ERROR_LEARNING_FAILED', allotted)
        retrain = self.inputs.growth['retrain'] and self.ctx.without_new_phase == 0
        for label, generator in self.ctx.generators.items():
            generator['request'] = allotted.outputs[label]
            if label in self.ctx.checkpoints:
                generator['checkpoint'] = self.ctx.checkpoints[label]
                generator.pop('settings', None)
            # Without a model, as after a stop or a failure, it is trained in any case.
            if retrain and 'settings' in self.inputs.generators[label]:
                generator['settings'] = self.inputs.generators[label]['settings']
        return None

    def finalize(self) -> ExitCode | None:
        """Return everything, and say why the search ended."""
        self._give_out()
        if 'phases' not in self.ctx.earlier:
            return self.exit_codes.ERROR_NO_PHASES.format(
                number=self.ctx.rounds,
                reason=self.ctx.problem.rstrip('.') or f'it ended because {self.ctx.ending}',
            )
        records = [node for label, node in self.ctx.records.items() if label.endswith('_record')]
        if records:
            group, _ = PhaseGroup.collection.get_or_create(label=f'search-{self.uuid}')
            group.add_nodes(records)
            self.report(f'found {len(records)} phases, in group {group.label}')
        if self.ctx.rounds and self.ctx.round.exit_status == _UNVERIFIED:
            reason = self.ctx.problem.rstrip('.')
            return self.exit_codes.ERROR_VERIFICATION_FAILED.format(reason=reason)
        # An exit code of success would lose its message.
        self.node.set_exit_message(f'The search ended because {self.ctx.ending}.')
        return None

    def _taught(self) -> StructureSetData:
        """Return what models learn from before there are phases."""
        return self.inputs.get('training', self.ctx.references)

    def _clean_up(self, child: orm.ProcessNode) -> None:
        """Remove the folders of a round; one that cannot be reached now stays."""
        try:
            clean_up(child)
        except OSError as exception:
            self.report(f'could not remove the folders of {child.process_label}: {exception}')

    def _pass_on(self, child: orm.ProcessNode, name: str) -> None:
        """Return what a round has given out, under its name."""
        kept = ('proposals', 'verdicts', 'relaxed', 'phases')
        self.out(name, {label: child.outputs[label] for label in kept if label in child.outputs})

    def _accumulate(self, child: orm.ProcessNode, number: int) -> ExitCode | None:
        """Keep what the next round builds on."""
        outputs = child.outputs
        if 'checkpoints' in outputs:
            self.ctx.checkpoints.update(dict(outputs.checkpoints))
        if 'phases' in outputs:
            self.ctx.earlier['phases'] = outputs.phases
        if 'records' in outputs:
            self.ctx.records = dict(outputs.records)
        if 'verification' in outputs and 'shortlisted' in outputs.verification:
            found = outputs.verification
            self.ctx.verified = {
                name: found[name] for name in ('phases', 'shortlisted') if name in found
            }
            self.ctx.verified['verdicts'] = dict(found.get('verdicts', {}))
        if 'accepted' not in outputs:
            return None
        accepted = outputs.accepted
        if 'accepted' in self.ctx.earlier:
            sets = {'before': self.ctx.earlier['accepted'], 'now': accepted}
            joined = run_once(self, join, f'join_accepted_{number}', **sets)
            if not joined.is_finished_ok:
                return failure(self, 'ERROR_LEARNING_FAILED', joined)
            accepted = joined.outputs.structures
        self.ctx.earlier['accepted'] = accepted
        return None

    def _give_out(self) -> None:
        """Return what there is so far."""
        outputs = dict(self.ctx.earlier)
        if 'training' in self.ctx:
            outputs['training'] = self.ctx.training
        for name in ('checkpoints', 'records'):
            outputs |= {f'{name}.{label}': node for label, node in self.ctx[name].items()}
        for name, value in self.ctx.verified.items():
            nodes = value if name == 'verdicts' else {'': value}
            outputs |= {f'verified.{name}.{label}'.rstrip('.'): nodes[label] for label in nodes}
        attach_outputs(outputs)
        self.out_many(outputs)


_UNVERIFIED = 438
_HARMLESS = (0, 434, 437, _UNVERIFIED, 450)  # exit codes of rounds after which a search goes on
_SETTINGS = {
    'duplicates': 'When two references are the same crystal.',
    'growth': 'How the training set grows, see `aiida_crystalgen.science.growth.GrowthSettings`.',
    'allocation': 'How the generators share the candidates, see '
    '`aiida_crystalgen.science.allocation.AllocationSettings`.',
}
_OUTPUTS = {
    'references': 'The references with energies of the engine of this search.',
    'training': 'The references and what the models learnt from beside them.',
    'phases': 'The distinct physical crystals of all rounds, the lowest first.',
    'accepted': 'The proposals of all rounds that were worth a relaxation.',
}
_NAMESPACES = {
    'checkpoints': 'The newest model of each generator that learns.',
    'rounds': 'Of each round: proposals, verdicts, relaxed crystals and the phases by then.',
    'verified': 'What the rounds have verified: phases, shortlists and verdicts.',
    'records': 'Structure and record of each phase, named by its row in the phases.',
}
_EXIT_CODES = {
    430: ('ERROR_REFERENCES_FAILED', 'The references have no energies: {process}: {reason}.'),
    431: ('ERROR_ROUND_FAILED', 'A round failed; {process}: {reason}.'),
    432: ('ERROR_LEARNING_FAILED', 'No other round could be prepared; {process}: {reason}.'),
    437: ('ERROR_NO_PHASES', 'No phase was found in {number} round(s): {reason}.'),
    438: ('ERROR_VERIFICATION_FAILED', 'Not all phases are verified: {reason}.'),
}

"""What the work chains of the heavy verbs share: a job where a code is given, or the process."""

from __future__ import annotations

from typing import Any, ClassVar

from aiida import orm
from aiida.engine import ExitCode, ProcessSpec, ToContext, WorkChain

from aiida_crystalgen.calculations.verb import VerbCalculation
from aiida_crystalgen.workflows.children import run_once, submit_once

__all__ = ('VerbWorkChain',)


class VerbWorkChain(WorkChain):
    """One heavy verb, by a job on a computer or by a calcfunction in the process.

    With the same inputs both give the same nodes.
    """

    _job: ClassVar[type[VerbCalculation]]
    _function: ClassVar[Any]
    _output: ClassVar[str]

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define the ports, those of the job among them, and the outline."""
        super().define(spec)
        spec.expose_inputs(cls._job, exclude=('code', 'metadata'))
        spec.input(
            'code',
            valid_type=orm.AbstractCode,
            required=False,
            help='Code whose executable is crystalgen-run; without it all is done in the process.',
        )
        spec.input(
            'options',
            valid_type=orm.Dict,
            required=False,
            serializer=orm.to_aiida_type,
            help='Options of the job, such as resources and max_wallclock_seconds.',
        )
        spec.expose_outputs(cls._job, include=(cls._output,))
        spec.outline(cls.run_verb, cls.inspect_verb)
        spec.exit_code(
            420, 'ERROR_VERB_FAILED', message='{process} failed with status {status}: {reason}.'
        )

    def run_verb(self) -> ToContext:
        """Submit the job, or call the function."""
        inputs = self.exposed_inputs(self._job)
        label = self._output
        if 'code' not in self.inputs:
            return ToContext(verb=run_once(self, type(self)._function, label, **inputs))
        options = self.inputs.options.get_dict() if 'options' in self.inputs else {}
        metadata = {'options': options}
        job = submit_once(
            self, self._job, label, code=self.inputs.code, metadata=metadata, **inputs
        )
        return ToContext(verb=job)

    def inspect_verb(self) -> ExitCode | None:
        """Pass on the result, also that of a job that was cut short."""
        verb = self.ctx.verb
        if self._output in verb.outputs:
            self.out(self._output, verb.outputs[self._output])
        if verb.is_finished_ok:
            return None
        return self.exit_codes.ERROR_VERB_FAILED.format(
            process=f'{verb.process_label}<{verb.pk}>',
            status=verb.exit_status,
            reason=str(verb.exit_message).rstrip('.'),
        )

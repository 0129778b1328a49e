"""What the work chains of the heavy verbs share: jobs where a code is given, or the process."""

from __future__ import annotations

from typing import Any, ClassVar

from aiida import orm
from aiida.engine import (
    BaseRestartWorkChain,
    ExitCode,
    ProcessHandlerReport,
    ProcessSpec,
    ToContext,
    append_,
    process_handler,
    while_,
)

from aiida_crystalgen.calculations.verb import VerbCalculation
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.children import run_once, submit_once

__all__ = ('VerbWorkChain',)

# Of 24 hours each, the usual wall time of a queue, these are some three weeks.
_MOST_JOBS = 20


class VerbWorkChain(BaseRestartWorkChain):
    """One heavy verb, by jobs on a computer or by a calcfunction in the process.

    With the same inputs both give the same nodes. What a job had done when its wall time was over
    is an input of the next one, which does the rest; the result is that of one long job.
    """

    _job: ClassVar[type[VerbCalculation]]
    _function: ClassVar[Any]
    _output: ClassVar[str]
    # Outputs that a job may have besides, and the ports of what it had of them when cut short.
    _extras: ClassVar[dict[str, str]] = {}

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define the ports, those of the job among them, and the outline."""
        super().define(spec)
        partial = ('partial', *cls._extras.values())
        spec.expose_inputs(cls._job, exclude=('code', 'metadata', *partial))
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
            help='Options of each job, such as resources and max_wallclock_seconds.',
        )
        spec.inputs['max_iterations'].default = lambda: orm.Int(_MOST_JOBS)
        spec.inputs['max_iterations'].help = 'Largest number of jobs that continue each other.'
        # Its counter begins anew after the pause, and AiiDA would look at the first job again.
        del spec.inputs['pause_on_max_iterations']
        spec.expose_outputs(cls._job, include=(cls._output, *cls._extras))
        spec.outline(
            cls.setup,
            while_(cls.should_run_process)(cls.run_process, cls.inspect_process),
        )
        spec.exit_code(
            420, 'ERROR_VERB_FAILED', message='{process} failed with status {status}: {reason}.'
        )

    def setup(self) -> None:
        """Start without any job."""
        super().setup()
        self.ctx.children, self.ctx.partial = [], {}

    @property
    def process_class(self) -> type[VerbCalculation]:
        """The job that is repeated until its work is done."""
        return self._job

    def run_process(self) -> ToContext:
        """Submit the next job, or call the function."""
        self.ctx.iteration += 1
        label = f'iteration_{self.ctx.iteration:02d}'
        inputs = self.exposed_inputs(self._job)
        if 'code' in self.inputs:
            inputs |= self.ctx.partial
            options = self.inputs.options.get_dict() if 'options' in self.inputs else {}
            inputs |= {'code': self.inputs.code, 'metadata': {'options': options}}
            child = submit_once(self, self._job, label, **inputs)
        else:
            child = run_once(self, type(self)._function, label, **inputs)
        return ToContext(children=append_(child))

    @process_handler  # type: ignore[arg-type]
    def continue_partial(self, job: orm.ProcessNode) -> ProcessHandlerReport | None:
        """Let the next job do what this one, which was cut short, has left."""
        if 'partial' not in job.outputs:
            return None
        ports = ('partial', *self._extras.values())
        self.ctx.partial = {port: job.outputs[port] for port in ports if port in job.outputs}
        self.report(str(job.exit_message))
        return ProcessHandlerReport(do_break=True)

    def inspect_process(self) -> ExitCode | None:
        """Pass on the result, in the end also structures that jobs had when they were cut short."""
        child = self.ctx.children[-1]
        for name in (self._output, *self._extras):
            if name in child.outputs:
                self.out(name, child.outputs[name])
        exit_code = super().inspect_process()
        if exit_code is None or exit_code.status == 0:
            return exit_code
        for name, port in {self._output: 'partial', **self._extras}.items():
            partial = self.ctx.partial.get(port)
            if isinstance(partial, StructureSetData) and name not in self.outputs:
                self.out(name, partial)
        if exit_code.status != self.exit_codes.ERROR_UNHANDLED_FAILURE.status:
            return exit_code
        return self.exit_codes.ERROR_VERB_FAILED.format(
            process=f'{child.process_label}<{child.pk}>',
            status=child.exit_status,
            reason=str(child.exit_message).rstrip('.'),
        )

    def on_terminated(self) -> None:
        """Clean the folders of the jobs if that is wanted; AiiDA would report that it is not."""
        if self.inputs.clean_workdir:
            super().on_terminated()
        else:
            super(BaseRestartWorkChain, self).on_terminated()

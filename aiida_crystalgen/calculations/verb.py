"""What the CalcJobs of all heavy verbs share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from aiida import orm
from aiida.common.datastructures import CalcInfo, CodeInfo
from aiida.common.folders import Folder
from aiida.engine import CalcJob, CalcJobProcessSpec

from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.remote import files

__all__ = ('VerbCalculation', 'is_seed')


def is_seed(node: orm.Int, _: Any) -> str | None:
    """Return why the number cannot seed a random number generator, or nothing."""
    return None if 0 <= node.value < 2**63 else f'seed is {node.value}; it lies in 0 … 2^63 − 1.'


class VerbCalculation(CalcJob):
    """One heavy verb as a job of the executable `crystalgen-run`."""

    _verb: ClassVar[str]
    _result_files: ClassVar[tuple[str, ...]]
    _partial_type: ClassVar[type[orm.Data]] = StructureSetData
    # Ports of what a job that is cut short had done, and its files.
    _partial_files: ClassVar[dict[str, str]] = {'partial': files.PARTIAL}

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Define the ports and exit codes that all verbs share."""
        super().define(spec)
        options = spec.inputs['metadata']['options']
        options['resources'].default = {'num_machines': 1, 'num_mpiprocs_per_machine': 1}
        options['withmpi'].default = False
        options['parser_name'].default = f'crystalgen.{cls._verb}'
        options['output_filename'].default = 'crystalgen.out'
        spec.input(
            'partial',
            valid_type=cls._partial_type,
            required=False,
            help='What a job with the same other inputs had done when it was cut short; this one '
            'does the rest.',
        )
        spec.output(
            'partial',
            valid_type=cls._partial_type,
            required=False,
            help='What was done when the job was cut short, by this job and those before it.',
        )
        spec.exit_code(
            310,
            'ERROR_RESULT_MISSING',
            message='The job wrote no {filename}; it was killed or it crashed: {reason}.',
            invalidates_cache=True,
        )
        spec.exit_code(
            311,
            'ERROR_RESULT_UNREADABLE',
            message='The file {filename} cannot be read: {reason}.',
            invalidates_cache=True,
        )
        spec.exit_code(410, 'ERROR_REFUSED', message='The input cannot be worked on: {reason}.')
        spec.exit_code(
            510,
            'ERROR_INCOMPLETE',
            message='The job was cut short after {done} of {total} {what}; the rest can be done.',
            invalidates_cache=True,
        )
        spec.exit_code(
            511,
            'ERROR_STALLED',
            message='The job was cut short after {done} of {total} {what}, as many as it began '
            'with. Give it more time with the option max_wallclock_seconds, or mend what kills it.',
            invalidates_cache=True,
        )

    @abstractmethod
    def describe_job(self) -> dict[str, Any]:
        """Return what the job file says beside the verb."""

    def write_files(self, folder: Folder) -> None:
        """Write the input files other than the job file."""

    def prepare_for_submission(self, folder: Folder) -> CalcInfo:
        """Write the input files and describe what to run and to retrieve."""
        import json

        with folder.open(files.JOB, 'w') as handle:
            json.dump({'verb': self._verb, **self.describe_job()}, handle, indent=2)
        self.write_files(folder)
        for port, filename in self._partial_files.items():
            if port in self.inputs:
                self._write_partial(folder, self.inputs[port], filename)
        code = CodeInfo()
        code.code_uuid = self.inputs.code.uuid
        code.stdout_name = self.options.output_filename
        calculation = CalcInfo()
        calculation.codes_info = [code]
        calculation.retrieve_list = [files.RESULT, self.options.output_filename]
        partial_files = self._partial_files.values()
        calculation.retrieve_temporary_list = [*self._result_files, *partial_files]
        # These are nodes of the graph already.
        calculation.provenance_exclude_list = [
            files.CRYSTALS,
            files.CHECKPOINT,
            files.START,
            files.TEMPLATES,
            *partial_files,
        ]
        return calculation

    def _write_partial(self, folder: Folder, node: orm.Data, filename: str) -> None:
        """Write what an earlier job had done."""
        if isinstance(node, StructureSetData):
            self.write_crystals(folder, node, filename)
            return
        with folder.open(filename, 'wb') as handle:
            handle.write(node.get_content(mode='rb'))

    @staticmethod
    def write_crystals(
        folder: Folder, node: StructureSetData, filename: str = files.CRYSTALS
    ) -> None:
        """Write a set of structures as a file of the job."""
        with folder.open(filename, 'wb') as handle:
            files.write_crystals(crystals_from_node(node), handle)

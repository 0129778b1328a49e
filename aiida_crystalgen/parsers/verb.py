"""What the parsers of all heavy verbs share."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import Any, NamedTuple

from aiida import orm
from aiida.engine import ExitCode
from aiida.parsers import Parser

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.remote import files

__all__ = ('Steps', 'VerbParser')

_STDERR = '_scheduler-stderr.txt'


class Steps(NamedTuple):
    """How far a job came.

    :param what: is counted, as in 'structures'.
    """

    done: int
    total: int
    what: str


class VerbParser(Parser):
    """Turn the retrieved files of a job into nodes, or into an exit code that says why not."""

    def parse(self, **kwargs: Any) -> ExitCode | None:
        """Parse the files of the job."""
        folder = Path(kwargs['retrieved_temporary_folder'])
        names = self.retrieved.base.repository.list_object_names()
        if files.RESULT not in names:
            return self.parse_unfinished(folder)
        try:
            result = json.loads(self._read(files.RESULT))
        except ValueError as exception:
            return self.unreadable(files.RESULT, exception)
        if result['refused']:
            return self.exit_codes.ERROR_REFUSED.format(reason=result['refused'].rstrip('.'))
        # A result that is whole counts, whatever became of the job afterwards.
        return self.parse_results(folder) or ExitCode()

    def _read(self, filename: str) -> str:
        """Return the text of a retrieved file."""
        return self.retrieved.base.repository.get_object_content(filename, 'r')

    @abstractmethod
    def parse_results(self, folder: Path) -> ExitCode | None:
        """Make nodes of the result files in ``folder``."""

    def parse_unfinished(self, folder: Path) -> ExitCode:
        """Make a node of what was done before the job ended, and say how much that is."""
        partial = self.read_partial(folder)
        if isinstance(partial, ExitCode):
            return partial
        steps = self.count_steps(partial)
        if 'partial' in self.node.inputs:
            before = self.count_steps(self.node.inputs.partial)
            if steps.done <= before.done:
                return self.exit_codes.ERROR_STALLED.format(**steps._asdict())
        self.out('partial', partial)
        return self.exit_codes.ERROR_INCOMPLETE.format(**steps._asdict())

    def read_partial(self, folder: Path) -> orm.Data | ExitCode:
        """Return what was done as a node, or why there is none."""
        if not (folder / files.PARTIAL).exists():
            return self.missing(files.RESULT)
        return self.read_structures(folder, files.PARTIAL)

    @abstractmethod
    def count_steps(self, partial: Any) -> Steps:
        """Return how much is done according to a node that `read_partial` made."""

    def missing(self, filename: str) -> ExitCode:
        """Return the exit code of a missing file, with the last line of the error output."""
        names = self.retrieved.base.repository.list_object_names()
        lines = []
        if _STDERR in names:
            lines = self._read(_STDERR).split('\n')
        reason = next((line for line in reversed(lines) if line.strip()), 'no error output')
        return self.exit_codes.ERROR_RESULT_MISSING.format(
            filename=filename, reason=reason.strip().rstrip('.')
        )

    def unreadable(self, filename: str, exception: Exception) -> ExitCode:
        """Return the exit code of a file that cannot be read."""
        return self.exit_codes.ERROR_RESULT_UNREADABLE.format(
            filename=filename, reason=str(exception).rstrip('.')
        )

    def read_structures(self, folder: Path, filename: str) -> StructureSetData | ExitCode:
        """Return the structures in a result file, or the exit code that says why there are none."""
        if not (folder / filename).exists():
            return self.missing(filename)
        try:
            return node_from_crystals(files.read_crystals(folder / filename))
        except ValueError as exception:
            return self.unreadable(filename, exception)

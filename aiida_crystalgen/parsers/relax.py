"""Parser of relaxation jobs."""

from __future__ import annotations

from pathlib import Path

from aiida.engine import ExitCode

from aiida_crystalgen.parsers.verb import VerbParser
from aiida_crystalgen.remote import files

__all__ = ('RelaxParser',)


class RelaxParser(VerbParser):
    """Turn the relaxed structures of a job into a node, also those of a job that was cut short."""

    def parse_results(self, folder: Path) -> ExitCode | None:
        """Make a node of the relaxed structures."""
        relaxed = self.read_structures(folder, files.RELAXED)
        if isinstance(relaxed, ExitCode):
            return relaxed
        self.out('relaxed', relaxed)
        return None

    def parse_unfinished(self, folder: Path) -> ExitCode:
        """Make a node of the structures that were finished before the job ended."""
        if not (folder / files.RELAXED).exists():
            return self.missing(files.RESULT)
        exit_code = self.parse_results(folder)
        if exit_code is not None:
            return exit_code
        return self.exit_codes.ERROR_INCOMPLETE.format(
            finished=self.outputs.relaxed.number, number=self.node.inputs.structures.number
        )

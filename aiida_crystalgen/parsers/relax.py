"""Parser of relaxation jobs."""

from __future__ import annotations

from pathlib import Path

from aiida.engine import ExitCode

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.parsers.verb import Steps, VerbParser
from aiida_crystalgen.remote import files

__all__ = ('RelaxParser',)


class RelaxParser(VerbParser):
    """Turn the relaxed structures of a job into a node."""

    def parse_results(self, folder: Path) -> ExitCode | None:
        """Make a node of the relaxed structures."""
        relaxed = self.read_structures(folder, files.RELAXED)
        if isinstance(relaxed, ExitCode):
            return relaxed
        self.out('relaxed', relaxed)
        return None

    def count_steps(self, partial: StructureSetData) -> Steps:
        """Return how many of the structures are relaxed."""
        return Steps(partial.number, self.node.inputs.structures.number, 'structures')

"""Parser of proposing jobs."""

from __future__ import annotations

from pathlib import Path

from aiida.engine import ExitCode

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.parsers.verb import Steps, VerbParser
from aiida_crystalgen.remote import files

__all__ = ('ProposeParser',)


class ProposeParser(VerbParser):
    """Turn the proposals of a generator into a node."""

    def parse_results(self, folder: Path) -> ExitCode | None:
        """Make a node of the proposals."""
        proposals = self.read_structures(folder, files.PROPOSALS)
        if isinstance(proposals, ExitCode):
            return proposals
        self.out('proposals', proposals)
        return None

    def count_steps(self, partial: StructureSetData) -> Steps:
        """Return how many of the candidates are proposed."""
        return Steps(partial.number, self.node.inputs.request['candidates'], 'candidates')

"""Parser of proposing jobs."""

from __future__ import annotations

from pathlib import Path

from aiida.engine import ExitCode

from aiida_crystalgen.parsers.verb import VerbParser
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

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
        return self._give_out(folder, 'trajectory', files.TRAJECTORY)

    def parse_unfinished(self, folder: Path) -> ExitCode:
        """Make nodes of what was relaxed before the job ended, and say how much that is."""
        exit_code = super().parse_unfinished(folder)
        if 'partial' not in self.outputs:
            return exit_code
        return self._give_out(folder, 'partial_trajectory', files.PARTIAL_TRAJECTORY) or exit_code

    def _give_out(self, folder: Path, name: str, filename: str) -> ExitCode | None:
        """Make a node of crystals on the way, if the job has kept any."""
        if not (folder / filename).exists():
            return None
        frames = self.read_structures(folder, filename)
        if isinstance(frames, ExitCode):
            return frames
        self.out(name, frames)
        return None

    def count_steps(self, partial: StructureSetData) -> Steps:
        """Return how many of the structures are relaxed."""
        return Steps(partial.number, self.node.inputs.structures.number, 'structures')

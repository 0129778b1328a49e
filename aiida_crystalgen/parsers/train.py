"""Parser of training jobs."""

from __future__ import annotations

from pathlib import Path

from aiida.engine import ExitCode

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.parsers.verb import VerbParser
from aiida_crystalgen.remote import files

__all__ = ('TrainParser',)


class TrainParser(VerbParser):
    """Turn the checkpoint of a training into a node."""

    def parse_results(self, folder: Path) -> ExitCode | None:
        """Make a node of the checkpoint."""
        path = folder / files.CHECKPOINT
        if not path.exists():
            return self.missing(files.CHECKPOINT)
        try:
            self.out('checkpoint', CheckpointData(path))
        except ValueError as exception:
            return self.unreadable(files.CHECKPOINT, exception)
        return None

"""Parser of training jobs."""

from __future__ import annotations

from pathlib import Path

from aiida import orm
from aiida.engine import ExitCode

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.parsers.verb import Steps, VerbParser
from aiida_crystalgen.remote import files
from aiida_crystalgen.science.checkpoint import read_header

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

    def read_partial(self, folder: Path) -> orm.SinglefileData | ExitCode:
        """Return the state of the training as a node, or why there is none."""
        path = folder / files.PARTIAL_TRAINING
        if not path.exists():
            return self.missing(files.RESULT)
        try:
            read_header(path.read_bytes(), path.name)
        except ValueError as exception:
            return self.unreadable(path.name, exception)
        return orm.SinglefileData(path)

    def count_steps(self, partial: orm.SinglefileData) -> Steps:
        """Return how many steps of the training are done."""
        summary = read_header(partial.get_content(mode='rb'))['summary']
        return Steps(summary['done'], summary['total'], 'steps of the training')

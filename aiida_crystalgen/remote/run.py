"""`crystalgen-run`: the executable of every crystalgen job.

It reads ``job.json`` in the working directory, calls the science, and writes the result files.
Whatever it could not do for a reason that the user can mend is written to ``result.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aiida_crystalgen.remote import files
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress

__all__ = ('main',)

_SECONDS_BETWEEN_REPORTS = 0.5


class _FileProgress:
    """Progress that is written to a file, at most twice a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = 0.0

    def __call__(self, done: int, total: int, message: str = '') -> None:
        now = time.monotonic()
        if done < total and now - self._last < _SECONDS_BETWEEN_REPORTS:
            return
        self._last = now
        content = {'done': done, 'total': total, 'message': message}
        files.write_json(content, self._path)


def _train(job: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Train a generator and write its checkpoint."""
    from aiida_crystalgen.science.checkpoint import write_checkpoint
    from aiida_crystalgen.science.generators.interface import load_generator

    training = files.read_crystals(folder / files.CRYSTALS)
    checkpoint = load_generator(job['method']).train(
        training, job['settings'], seed=job['seed'], progress=progress
    )
    (folder / files.CHECKPOINT).write_bytes(write_checkpoint(checkpoint))


def _propose(job: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Propose crystals and write all rows."""
    from aiida_crystalgen.science.checkpoint import read_checkpoint
    from aiida_crystalgen.science.generators.interface import Request, load_generator

    path = folder / files.CHECKPOINT
    checkpoint = read_checkpoint(path.read_bytes(), path.name) if path.exists() else None
    proposals = load_generator(job['method']).propose(
        checkpoint, Request.parse(job['request']), seed=job['seed'], progress=progress
    )
    files.write_crystals(proposals, folder / files.PROPOSALS)


def _relax(job: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Relax crystals and write them, those finished also while the others still run."""
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.relaxation import RelaxSettings, relax

    def save(rows: np.ndarray, relaxed: CrystalSet) -> None:
        unfinished = folder / f'unfinished-{files.RELAXED}'
        files.write_crystals(relaxed.with_columns(row=rows), unfinished)
        unfinished.replace(folder / files.RELAXED)

    crystals = files.read_crystals(folder / files.CRYSTALS)
    settings = RelaxSettings.parse(job['settings'])
    potential = load_potential(job['potential'])
    relaxed = relax(crystals, potential, settings, progress=progress, save=save)
    save(np.arange(len(relaxed)), relaxed)


_VERBS: dict[str, Callable[[dict[str, Any], Path, Progress], None]] = {
    'train': _train,
    'propose': _propose,
    'relax': _relax,
}


def main() -> None:
    """Run the job that is described in the working directory."""
    parser = argparse.ArgumentParser(
        prog='crystalgen-run',
        description=f'Run the job described by {files.JOB} in a folder.',
        epilog='Example: crystalgen-run --folder my-job',
    )
    parser.add_argument(
        '--folder', type=Path, default=Path(), help='folder of the job (default: this one)'
    )
    folder = parser.parse_args().folder
    job_file = folder / files.JOB
    if not job_file.exists():
        parser.error(f'{job_file} does not exist; AiiDA writes it when it submits a job')
    job = json.loads(job_file.read_text())
    try:
        _VERBS[job['verb']](job, folder, _FileProgress(folder / files.PROGRESS))
    except ValueError as exception:
        files.write_json({'refused': str(exception)}, folder / files.RESULT)
    except OSError as exception:
        sys.exit(f'crystalgen-run failed: {exception}')
    else:
        files.write_json({'refused': None}, folder / files.RESULT)

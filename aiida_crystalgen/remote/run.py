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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_crystalgen.remote import files
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.progress import Progress

if TYPE_CHECKING:
    from aiida_crystalgen.science.checkpoint import Checkpoint
    from aiida_crystalgen.science.relaxation import Relaxation, RelaxSettings

__all__ = ('main',)

_SECONDS_BETWEEN_REPORTS = 0.5
_SECONDS_BETWEEN_SAVES = 1.0  # at least
_SHARE_OF_SAVES = 0.02  # of the time, at most


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


class _Saving:
    """Saving that takes no more than a small share of the time, however large the state is."""

    def __init__(self) -> None:
        self._due = time.monotonic() + _SECONDS_BETWEEN_SAVES

    def __call__(self, path: Path, write: Callable[[Path], object]) -> None:
        started = time.monotonic()
        if started < self._due:
            return
        files.replace_file(path, write)
        ended = time.monotonic()
        self._due = ended + max(_SECONDS_BETWEEN_SAVES, (ended - started) / _SHARE_OF_SAVES)


def _train(job: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Train a generator and write its checkpoint, its state also while it trains."""
    from aiida_crystalgen.science.checkpoint import write_checkpoint
    from aiida_crystalgen.science.generators.interface import (
        Course,
        ResumesTraining,
        load_generator,
    )

    training = files.read_crystals(folder / files.CRYSTALS)
    generator = load_generator(job['method'])
    if isinstance(generator, ResumesTraining):
        path, saving = folder / files.PARTIAL_TRAINING, _Saving()

        def save(capture: Callable[[], Checkpoint]) -> None:
            saving(path, lambda file: file.write_bytes(write_checkpoint(capture())))

        course = Course(_checkpoint(folder / files.START), _checkpoint(path), save)
        checkpoint = generator.resume_training(
            training, job['settings'], course, seed=job['seed'], progress=progress
        )
    else:
        checkpoint = generator.train(training, job['settings'], seed=job['seed'], progress=progress)
    (folder / files.CHECKPOINT).write_bytes(write_checkpoint(checkpoint))


def _propose(job: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Propose crystals and write all rows, the first ones also while the others are drawn."""
    from aiida_crystalgen.science.generators.interface import Request, load_generator
    from aiida_crystalgen.science.generators.resumption import proposal_blocks

    saving = _Saving()
    earlier = _crystals(folder / files.PARTIAL)
    blocks = proposal_blocks(
        load_generator(job['method'], _crystals(folder / files.TEMPLATES)),
        _checkpoint(folder / files.CHECKPOINT),
        Request.parse(job['request']),
        0 if earlier is None else len(earlier),
        seed=job['seed'],
        progress=progress,
    )
    proposals = [] if earlier is None else [earlier]
    for block in blocks:
        proposals = [concatenate([*proposals, block])]
        saving(folder / files.PARTIAL, partial(files.write_crystals, proposals[0]))
    files.write_crystals(proposals[0], folder / files.PROPOSALS)


def _relax(job: dict[str, Any], folder: Path, progress: Progress) -> None:
    """Relax crystals and write them, those finished also while the others still run."""
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.relaxation import RelaxSettings, relax_with_frames

    saving = _Saving()

    def save(rows: np.ndarray, so_far: Relaxation) -> None:
        finished = so_far._replace(relaxed=so_far.relaxed.with_columns(row=rows))
        saving(folder / files.PARTIAL, partial(_write_partial, finished))

    crystals = files.read_crystals(folder / files.CRYSTALS)
    settings = RelaxSettings.parse(job['settings'])
    relaxed, frames = relax_with_frames(
        crystals,
        load_potential(job['potential']),
        settings,
        progress=progress,
        save=save,
        finished=_finished(folder, settings),
    )
    if frames is not None:
        files.write_crystals(frames, folder / files.TRAJECTORY)
    relaxed = relaxed.with_columns(row=np.arange(len(relaxed)))
    files.write_crystals(relaxed, folder / files.RELAXED)


def _write_partial(finished: Relaxation, path: Path) -> None:
    """Write the crystals that are relaxed, but their frames first: no crystal is without them."""
    if finished.frames is not None:
        frames = path.with_name(files.PARTIAL_TRAJECTORY)
        files.replace_file(frames, partial(files.write_crystals, finished.frames))
    files.write_crystals(finished.relaxed, path)


def _finished(folder: Path, settings: RelaxSettings) -> Relaxation | None:
    """Return what an earlier job had relaxed, None if there is nothing, or not all of it."""
    from aiida_crystalgen.science.relaxation import Relaxation

    relaxed, path = _crystals(folder / files.PARTIAL), folder / files.PARTIAL_TRAJECTORY
    if relaxed is None or settings.frames is None:
        return None if relaxed is None else Relaxation(relaxed)
    return Relaxation(relaxed, files.read_crystals(path)) if path.exists() else None


def _checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint in a file, None if there is no such file."""
    from aiida_crystalgen.science.checkpoint import read_checkpoint

    return read_checkpoint(path.read_bytes(), path.name) if path.exists() else None


def _crystals(path: Path) -> CrystalSet | None:
    """Return the crystals in a file, None if there is no such file."""
    return files.read_crystals(path) if path.exists() else None


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

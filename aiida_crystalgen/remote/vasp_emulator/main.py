"""`crystalgen-vasp-emulator`: the executable that stands where VASP would."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from aiida_crystalgen.remote.vasp_emulator.failures import (
    FAIL,
    MEMORY,
    Failure,
    choose_failure,
    spoil_files,
)
from aiida_crystalgen.remote.vasp_emulator.identity import PROGRAM
from aiida_crystalgen.remote.vasp_emulator.inputs import Inputs, read_inputs
from aiida_crystalgen.remote.vasp_emulator.ionic_steps import IonicStep, run_ionic_steps
from aiida_crystalgen.remote.vasp_emulator.output import Output
from aiida_crystalgen.remote.vasp_emulator.settings import EmulatorSettings, load_settings
from aiida_crystalgen.science.potentials.interface import (
    Potential,
    load_potential,
    potential_names,
)

__all__ = ('POTENTIAL', 'emulate', 'main')

POTENTIAL: Final = 'CRYSTALGEN_EMULATOR_POTENTIAL'


class _WallTimeOver(Exception):  # noqa: N818 - it ends a run, and nothing went wrong
    """The end of a run whose wall time is played to be over."""


class _Run:
    """What every evaluation of a run does to its files."""

    def __init__(
        self, inputs: Inputs, output: Output, failure: Failure | None, settings: EmulatorSettings
    ) -> None:
        self._output = output
        self._electronic_steps = inputs.incar.nelm if failure == 'electronic' else 1
        allowed = settings.failures.wall_time_steps if inputs.incar.is_relaxation else 0
        self._is_cut_short = failure == 'wall-time'
        self._steps_left = allowed if self._is_cut_short else sys.maxsize

    def observe(self, step: IonicStep) -> None:
        """Write a step, or the beginning of it if the wall time is over."""
        self._output.begin_step(step.energy, self._electronic_steps)
        if self._steps_left == 0:
            raise _WallTimeOver
        self._output.end_step(step)
        self._steps_left -= 1

    def finish(self, *, is_converged: bool) -> None:
        """Write the end of the run, unless the wall time is over before."""
        if self._is_cut_short:
            raise _WallTimeOver
        self._output.finish(is_converged=is_converged)


def emulate(folder: Path, environment: Mapping[str, str], stdout: TextIO) -> int:
    """Return the exit status of a run in a folder.

    :param environment: variables that name the potential and the failure to play.
    :param stdout: where to write what VASP writes to its standard output.
    """
    try:
        inputs = read_inputs(folder)
        failure = choose_failure(inputs, environment)
        if failure == 'crash':
            return 1
        _run(inputs, _potential(environment), failure, folder, stdout)
    except _WallTimeOver:
        return 1
    except ValueError as exception:
        stdout.write(f' {PROGRAM} stops: {exception}\n')
        return 1
    spoil_files(failure, folder)
    return 0


def _potential(environment: Mapping[str, str]) -> Potential:
    """Return the potential that the environment names."""
    if POTENTIAL not in environment:
        raise ValueError(
            f'{POTENTIAL} is not set; in the prepend_text of the code, export one of '
            f'{", ".join(potential_names())}'
        )
    return load_potential(environment[POTENTIAL])


def _run(
    inputs: Inputs, potential: Potential, failure: Failure | None, folder: Path, stdout: TextIO
) -> None:
    """Write the output files of a run."""
    settings = load_settings()
    output = Output(folder, inputs, potential.engine, stdout)
    run = _Run(inputs, output, failure, settings)
    is_converged = run_ionic_steps(
        inputs, potential, run.observe, settings=settings, is_stuck=failure == 'ionic'
    )
    run.finish(is_converged=is_converged)


def main() -> None:
    """Run in the working directory."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description='Read INCAR, KPOINTS, POSCAR and POTCAR in the working directory and write '
        "the files that VASP would, with a potential's energies, forces and stress. It is not "
        'VASP, and says so in every file.',
        epilog=f'{POTENTIAL} names the potential: {", ".join(potential_names())}. {FAIL} names a '
        f'failure to play, and {MEMORY} the folder in which runs are counted for it.',
    )
    parser.parse_args()
    sys.exit(emulate(Path(), os.environ, sys.stdout))

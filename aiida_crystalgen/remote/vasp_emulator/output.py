"""The output files, written step by step as VASP does, so that a run that is killed leaves them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from aiida_crystalgen.remote.vasp_emulator import listing, outcar, vasprun
from aiida_crystalgen.remote.vasp_emulator.inputs import Inputs
from aiida_crystalgen.remote.vasp_emulator.ionic_steps import IonicStep
from aiida_crystalgen.remote.vasp_emulator.poscar import write_poscar

__all__ = ('Output',)


class Output:
    """The files of one run; none is there before the first energy is.

    :param folder: where they lie.
    :param inputs: of the run.
    :param engine: name, package and version of the potential.
    :param stdout: the standard output.
    """

    def __init__(
        self, folder: Path, inputs: Inputs, engine: Mapping[str, str], stdout: TextIO
    ) -> None:
        self.steps = 0
        self._start = time.monotonic()
        self._folder = folder
        self._inputs = inputs
        self._engine = engine
        self._stdout = stdout
        self._last: IonicStep | None = None

    def begin_step(self, energy: float, electronic_steps: int) -> None:
        """Write the electronic steps of an ionic step, which all have the same energy.

        :param energy: in eV.
        """
        if self._last is None:
            self._begin()
        iterations = range(1, electronic_steps + 1)
        self._put(
            'vasprun.xml',
            vasprun.calculation_begin() + vasprun.electronic_step(energy) * electronic_steps,
        )
        lines = [outcar.electronic_step(self.steps + 1, iteration) for iteration in iterations]
        self._put('OUTCAR', ''.join(lines))
        rows = [listing.electronic_line(iteration, energy) for iteration in iterations]
        self._list(listing.electronic_header() + ''.join(rows))

    def end_step(self, step: IonicStep) -> None:
        """Write what the ionic step found."""
        self.steps += 1
        previous = self._last or step
        self._last = step
        self._put('vasprun.xml', vasprun.calculation_end(step))
        self._put('OUTCAR', outcar.ionic_step(step, self._inputs.incar.pstress))
        self._list(listing.ionic_line(self.steps, step.energy, step.energy - previous.energy))
        crystal = step.crystal
        contcar = write_poscar(
            self._inputs.poscar, crystal.lattices[0], crystal.fractional_coordinates
        )
        self._put('CONTCAR', contcar, mode='w')

    def finish(self, *, is_converged: bool) -> None:
        """Write the end of a run that was not cut short."""
        if self._last is not None:
            self._put('vasprun.xml', vasprun.footer(self._last))
        seconds = time.monotonic() - self._start
        self._put('OUTCAR', outcar.footer(seconds, is_converged=is_converged))
        self._say(outcar.CONVERGED if is_converged else '')

    def _begin(self) -> None:
        """Write what comes before the first step."""
        self._put('vasprun.xml', vasprun.header(self._inputs, self._engine), mode='w')
        self._put('OUTCAR', outcar.header(self._inputs, self._engine), mode='w')
        self._put('OSZICAR', '', mode='w')
        self._put('CONTCAR', '', mode='w')
        self._say(listing.greeting(self._inputs, self._engine))

    def _list(self, text: str) -> None:
        """Write to the short account and to the standard output."""
        self._put('OSZICAR', text)
        self._say(text)

    def _say(self, text: str) -> None:
        """Write to the standard output."""
        self._stdout.write(text)
        self._stdout.flush()

    def _put(self, name: str, text: str, mode: str = 'a') -> None:
        """Write at the end of a file, or a new one."""
        with (self._folder / name).open(mode, encoding='utf-8') as file:
            file.write(text)

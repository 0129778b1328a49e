"""The parts of ``OUTCAR``, in the order in which they are written.

Without the lines about electrons, as the number of bands or their occupation; aiida-vasp does not
miss them, pymatgen's ``Outcar`` does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from aiida_crystalgen import __version__
from aiida_crystalgen.remote.vasp_emulator.identity import PROGRAM, notice
from aiida_crystalgen.remote.vasp_emulator.inputs import Inputs
from aiida_crystalgen.remote.vasp_emulator.ionic_steps import KILOBAR, IonicStep

__all__ = ('CONVERGED', 'electronic_step', 'footer', 'header', 'ionic_step')

CONVERGED = ' reached required accuracy - stopping structural energy minimisation\n'


def header(inputs: Inputs, engine: Mapping[str, str]) -> str:
    """Return all that comes before the first electronic step."""
    incar = inputs.incar
    amounts = ' '.join(f'{amount:7d}' for amount in inputs.poscar.amounts)
    lines = [
        f' {PROGRAM} {__version__}',
        *(f' {line}' for line in notice(engine)),
        f' executed on {time.strftime("%Y.%m.%d  %H:%M:%S")}',
        *(f' POTCAR:    {potcar.title}' for potcar in inputs.potcars),
        *(f'   VRHFIN ={potcar.element}:' for potcar in inputs.potcars),
        *(f'   TITEL  = {potcar.title}' for potcar in inputs.potcars),
        f'   number of ions     NIONS = {sum(inputs.poscar.amounts):6d}',
        f'   ions per type = {amounts}',
        f' SYSTEM =  {incar.system}',
        f'   ENCUT  = {incar.encut:8.1f} eV',
        f'   NELM   = {incar.nelm:6d};   # of ELM steps',
        f'   EDIFF  = {incar.ediff:.1E}   stopping-criterion for ELM',
        f'   EDIFFG = {incar.ediffg:.1E}   stopping-criterion for IOM',
        f'   NSW    = {incar.nsw:6d}    number of steps for IOM',
        f'   IBRION = {incar.ibrion:6d}    ionic relax',
        f'   ISIF   = {incar.isif:6d}    stress and relaxation',
        f'   PSTRESS= {incar.pstress:8.1f} pullay stress',
    ]
    return '\n'.join(lines) + '\n'


def electronic_step(number: int, iteration: int) -> str:
    """Return the line of an electronic step.

    :param number: of the ionic step, from 1.
    :param iteration: in the ionic step, from 1.
    """
    dashes = '-' * 39
    return f'\n{dashes} Iteration {number:6d}({iteration:4d})  {dashes}\n'


def ionic_step(step: IonicStep, pressure: float) -> str:
    """Return what an ionic step found.

    :param pressure: from outside, in kB.
    """
    return _stress(step, pressure) + _cell(step) + _forces(step) + _energy(step, pressure)


def footer(seconds: float, *, is_converged: bool) -> str:
    """Return the end of a run that was not cut short.

    :param seconds: that the run took.
    """
    return (
        (f'\n{CONVERGED}' if is_converged else '')
        + '\n General timing and accounting informations for this job:\n'
        + ' ========================================================\n'
        + f'                  Total CPU time used (sec): {time.process_time():12.3f}\n'
        + f'                         Elapsed time (sec): {seconds:12.3f}\n'
    )


def _stress(step: IonicStep, pressure: float) -> str:
    """Return the stress and what it leaves of the pressure from outside, in kB."""
    stress = step.stress
    components = (stress[row, column] for row, column in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2)))
    values = ' '.join(f'{value:14.5f}' for value in (*components, stress[2, 0]))
    return (
        '\n  FORCE on cell =-STRESS in cart. coord.  units (eV):\n'
        '  Direction    XX          YY          ZZ          XY          YZ          ZX\n'
        f'  in kB   {values}\n'
        f'  external pressure = {np.trace(stress) / 3 - pressure:11.2f} kB'
        f'  Pullay stress = {pressure:11.2f} kB\n'
    )


def _cell(step: IonicStep) -> str:
    """Return volume and lattice."""
    lattice = step.crystal.lattices[0]
    both = np.hstack([lattice, np.linalg.inv(lattice).T])
    return (
        '\n VOLUME and BASIS-vectors are now :\n'
        f'  volume of cell : {step.crystal.volumes[0]:14.4f}\n'
        '      direct lattice vectors                 reciprocal lattice vectors\n'
        f'{_rows(both, 13, 9)}'
    )


def _forces(step: IonicStep) -> str:
    """Return positions in Å and forces in eV/Å."""
    rule = f' {"-" * 83}\n'
    both = np.hstack([step.crystal.cartesian_coordinates, step.forces])
    title = ' POSITION                                       TOTAL-FORCE (eV/Angst)'
    return f'\n{title}\n{rule}{_rows(both, 14, 8)}{rule}'


def _energy(step: IonicStep, pressure: float) -> str:
    """Return the energy of the cell, and the enthalpy under pressure."""
    lines = [
        '',
        '  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)',
        '  ---------------------------------------------------',
        f'  free  energy   TOTEN  = {step.energy:18.8f} eV',
        '',
        f'  energy  without entropy= {step.energy:16.8f}  energy(sigma->0) = {step.energy:16.8f}',
    ]
    if pressure:
        work = pressure * KILOBAR * step.crystal.volumes[0]
        lines.append(f'  enthalpy is  TOTEN    = {step.energy + work:18.8f} eV   P V= {work:16.8f}')
    return '\n'.join(lines) + '\n'


def _rows(values: Float[np.ndarray, 'rows columns'], width: int, digits: int) -> str:
    """Return an array, a row a line."""
    lines = [' '.join(f'{value:{width}.{digits}f}' for value in row) for row in values]
    return ''.join(f'   {line}\n' for line in lines)

"""The short account of a run: ``OSZICAR``, and the standard output around it."""

from __future__ import annotations

from collections.abc import Mapping

from aiida_crystalgen import __version__
from aiida_crystalgen.remote.vasp_emulator.identity import PROGRAM, notice
from aiida_crystalgen.remote.vasp_emulator.inputs import Inputs

__all__ = ('electronic_header', 'electronic_line', 'greeting', 'ionic_line')

_WIDTH = 77


def greeting(inputs: Inputs, engine: Mapping[str, str]) -> str:
    """Return the beginning of the standard output.

    The notice stands in a box as VASP prints it, which aiida-vasp puts among the notifications.
    """
    rule = f' {"-" * _WIDTH}\n'
    lines = ['', '----> ADVICE to this user running VASP <----', '', *notice(engine), '']
    box = rule + ''.join(f'|{line:^{_WIDTH}}|\n' for line in lines) + rule
    return (
        f' {PROGRAM} {__version__}\n{box}'
        f' POSCAR found : {len(inputs.poscar.amounts):2d} types and '
        f'{sum(inputs.poscar.amounts):7d} ions\n'
        ' entering main loop\n'
    )


def electronic_header() -> str:
    """Return what stands above the electronic steps of an ionic one."""
    return '       N       E\n'


def electronic_line(iteration: int, energy: float) -> str:
    """Return the line of an electronic step."""
    return f'DAV: {iteration:3d}    {energy:.12E}\n'


def ionic_line(number: int, energy: float, change: float) -> str:
    """Return the line of an ionic step; energy and change are in eV."""
    return f'{number:4d} F= {energy:.8E} E0= {energy:.8E}  d E ={change:.6E}\n'

"""What ``aiida-crystalgen setup --emulator`` adds: VASP's code without VASP, and placeholders."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiida_crystalgen.remote.vasp_emulator.identity import PROGRAM

if TYPE_CHECKING:
    from aiida.orm import Computer

__all__ = ('EMULATOR_CODE', 'set_up_code', 'set_up_potcars')

EMULATOR_CODE: Final = 'vasp-emulator'


def set_up_code(computer: Computer, potential: str) -> tuple[str, str]:
    """Return the label of the emulator's code and what was done with it.

    :param potential: whose energies it gives.
    :raises ValueError: if the potential is unknown, the executable is not there, or the code exists
        with another potential.
    """
    from aiida.common.exceptions import NotExistent
    from aiida.orm import InstalledCode, load_code

    from aiida_crystalgen.remote.vasp_emulator.main import POTENTIAL

    _check_potential(potential)
    label = f'{EMULATOR_CODE}@{computer.label}'
    chosen = f'export {POTENTIAL}={potential}'
    try:
        code = load_code(label)
    except NotExistent:
        InstalledCode(
            label=EMULATOR_CODE,
            computer=computer,
            filepath_executable=_executable(),
            description=f'Not VASP: writes its files with energies of the potential {potential}.',
            default_calc_job_plugin='vasp.vasp',
            with_mpi=False,
            prepend_text=f'export OMP_NUM_THREADS=1\n{chosen}',
        ).store()
        return label, f'created: {potential}, not VASP'
    if chosen not in code.prepend_text.splitlines():
        raise ValueError(
            f'Code {label} is there already with another potential than {potential}. Put it out of '
            f'the way with `verdi code relabel {label} {EMULATOR_CODE}-old`, then run the command '
            'again.'
        )
    return label, f'found: {potential}, not VASP'


def set_up_potcars() -> tuple[str, str]:
    """Return the label of the family of placeholder potentials and what was done with it."""
    from aiida_crystalgen.data.emulated_potcars import default_names, store_emulated_potcars

    names = default_names()
    family, added = store_emulated_potcars(names)
    return family.label, f'created: {added} placeholders' if added else 'found'


def _check_potential(name: str) -> None:
    """Raise unless there is a potential of this name."""
    from aiida_crystalgen.science.potentials.interface import potential_names
    from aiida_crystalgen.science.settings import closest

    known = potential_names()
    if name not in known:
        raise ValueError(f"Unknown potential '{name}'. {closest(name, known)}")


def _executable() -> str:
    """Return the path of the executable that was installed beside this interpreter."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise ValueError(
            f'{PROGRAM} is not in {Path(sys.executable).parent}. '
            'Install aiida-crystalgen again in this environment.'
        )
    return found

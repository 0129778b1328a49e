"""How the emulator signs its results, and how others recognise them.

aiida-vasp keeps of the version in ``vasprun.xml`` the first three numbers with dots between, and of
the standard output the boxes in which VASP gives advice. So the version of an emulated result is
0.0.0, which VASP never had, and its notifications hold the notice that names the potential.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from aiida_crystalgen import __version__

__all__ = ('NO_VASP', 'PROGRAM', 'emulating_engine', 'is_emulated', 'notice')

PROGRAM: Final = 'crystalgen-vasp-emulator'
NO_VASP: Final = '0.0.0'

_ENERGIES = 'Energies, forces and stress of {name} from {package} {version}'
_WORD = r'([\w.+-]+)'
_PATTERN = re.compile(_ENERGIES.format(name=_WORD, package=_WORD, version=_WORD))


def notice(engine: Mapping[str, str]) -> tuple[str, str]:
    """Return the two lines that every output carries.

    :param engine: name, package and version of the potential.
    """
    return f'EMULATED by {PROGRAM} {__version__}, not VASP', _ENERGIES.format(**engine)


def is_emulated(version: str) -> bool:
    """Return whether a version that stands where VASP writes its own is the emulator's."""
    return version.strip().startswith(NO_VASP)


def emulating_engine(messages: Iterable[str]) -> dict[str, str] | None:
    """Return name, package and version of the potential behind a result, None if VASP made it.

    :param messages: of the result's notifications, as aiida-vasp lists them in ``misc``.
    """
    for message in messages:
        found = _PATTERN.search(message)
        if PROGRAM in message and found:
            return dict(zip(('name', 'package', 'version'), found.groups(), strict=True))
    return None

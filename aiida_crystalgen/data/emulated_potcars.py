"""Placeholders that stand where the chain of aiida-vasp asks for VASP's potential files.

They hold no potential and no data of VASP: a title that says so, and the element with its mass.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ase.data import atomic_masses, atomic_numbers

if TYPE_CHECKING:
    from aiida.orm import Group

__all__ = ('EMULATED_FAMILY', 'default_names', 'emulated_potcar', 'store_emulated_potcars')

EMULATED_FAMILY: Final = 'EMULATED'

_TEXT = """\
  EMULATED {name}
   0.0
 parameters from PSCTR are:
   VRHFIN ={element}: placeholder for crystalgen-vasp-emulator, not a potential of VASP
   LEXCH  = EM
   TITEL  = EMULATED {name}
   POMASS = {mass:8.3f}; ZVAL   =    0.000    mass and valenz
END of PSCTR-controll parameters
 End of Dataset
"""


def emulated_potcar(name: str) -> str:
    """Return the text of the placeholder of a name, as Sn or Sn_d.

    :raises ValueError: if the name does not begin with an element.
    """
    element = name.partition('_')[0]
    if element not in atomic_numbers:
        raise ValueError(f"'{name}' names no element; potentials are called like Sn or Sn_d")
    mass = atomic_masses[atomic_numbers[element]]
    return _TEXT.format(name=name, element=element, mass=mass)


def default_names() -> tuple[str, ...]:
    """Return every element of aiida-vasp's protocols and the potential that they take for it."""
    from aiida_vasp.workchains.v2.vasp import VaspWorkChain

    mapping = VaspWorkChain.get_protocol_inputs('balanced')['potential_mapping']
    return tuple(sorted({*mapping, *mapping.values()}))


def store_emulated_potcars(names: Iterable[str]) -> tuple[Group, int]:
    """Return the family of placeholders and how many of the names were new to it.

    :param names: of potentials, as Sn or Sn_d.
    :raises ValueError: if a name does not begin with an element.
    """
    from aiida.manage import get_manager
    from aiida_vasp.data.potcar import PotcarData

    # Many nodes in one transaction cost a quarter of what they cost one by one.
    in_one = get_manager().get_profile_storage().transaction()
    with tempfile.TemporaryDirectory() as folder, in_one:
        family = Path(folder) / EMULATED_FAMILY
        for name in names:
            (family / name).mkdir(parents=True)
            (family / name / 'POTCAR').write_text(emulated_potcar(name), encoding='utf-8')
        _, added, _ = PotcarData.upload_potcar_family(
            family,
            EMULATED_FAMILY,
            'Placeholders of crystalgen-vasp-emulator. Not potentials of VASP.',
            stop_if_existing=False,
        )
    return PotcarData.get_potcar_group(EMULATED_FAMILY), added

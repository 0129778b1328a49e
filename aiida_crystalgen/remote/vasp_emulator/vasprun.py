"""The parts of ``vasprun.xml``, in the order in which they are written.

Only what readers need and the emulator knows: aiida-vasp asks for the version, the parameters NELM
and NSW, the atoms, and in every calculation one electronic step, the structure, forces, stress and
the energy under its three names; pymatgen for the elements around them. There are no eigenvalues,
no density of states and no Fermi level, and of the k-points only what was asked for. Numbers have
more digits than VASP's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

import numpy as np
from jaxtyping import Float

from aiida_crystalgen import __version__
from aiida_crystalgen.remote.vasp_emulator.identity import NO_VASP, PROGRAM, notice
from aiida_crystalgen.remote.vasp_emulator.incar import Incar
from aiida_crystalgen.remote.vasp_emulator.inputs import Inputs, Kpoints
from aiida_crystalgen.remote.vasp_emulator.ionic_steps import IonicStep

__all__ = ('calculation_begin', 'calculation_end', 'electronic_step', 'footer', 'header')


def header(inputs: Inputs, engine: Mapping[str, str]) -> str:
    """Return all that comes before the first calculation."""
    crystal = inputs.crystal
    return ''.join(
        [
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n',
            _generator(engine),
            ' <incar>\n',
            *(_item(name, value) for name, value in inputs.incar.tags.items()),
            ' </incar>\n',
            _kpoints(inputs.kpoints),
            _parameters(inputs.incar),
            _atoms(inputs),
            _structure(crystal.lattices[0], crystal.fractional_coordinates, 'initialpos'),
        ]
    )


def calculation_begin() -> str:
    """Return the beginning of an ionic step."""
    return ' <calculation>\n'


def electronic_step(energy: float) -> str:
    """Return one electronic step; the energy of the emulator is the same in all of them, in eV."""
    return f'  <scstep>\n{_energy(energy)}  </scstep>\n'


def calculation_end(step: IonicStep) -> str:
    """Return the rest of an ionic step."""
    crystal = step.crystal
    return ''.join(
        [
            _structure(crystal.lattices[0], crystal.fractional_coordinates),
            _rows('forces', step.forces),
            _rows('stress', step.stress),
            _energy(step.energy),
            ' </calculation>\n',
        ]
    )


def footer(step: IonicStep) -> str:
    """Return all that comes after the last calculation."""
    crystal = step.crystal
    final = _structure(crystal.lattices[0], crystal.fractional_coordinates, 'finalpos')
    return f'{final}</modeling>\n'


def _generator(engine: Mapping[str, str]) -> str:
    """Return which program wrote the file, and when."""
    version = f'{NO_VASP} {PROGRAM}-{__version__}'
    items = {
        'program': PROGRAM,
        'version': version,
        'subversion': '. '.join(notice(engine)),
        'platform': 'emulator',
        'date': time.strftime('%Y %m %d'),
        'time': time.strftime('%H:%M:%S'),
    }
    lines = [
        f'  <i name="{name}" type="string">{escape(text)}</i>\n' for name, text in items.items()
    ]
    return f' <generator>\n{"".join(lines)} </generator>\n'


def _item(name: str, value: str) -> str:
    """Return a tag of INCAR with the type that its value looks like."""
    if re.fullmatch(r'\.?(T|F|TRUE|FALSE)\.?', value, re.IGNORECASE):
        truth = 'T' if value.strip('.').upper().startswith('T') else 'F'
        return f'  <i type="logical" name="{name}"> {truth} </i>\n'
    numbers = [re.fullmatch(r'[-+]?(\d+)(\.\d*)?([eE][-+]?\d+)?', word) for word in value.split()]
    if not numbers or not all(numbers):
        return f'  <i type="string" name="{name}">{escape(value)}</i>\n'
    whole = all(number and not number.group(2) and not number.group(3) for number in numbers)
    element = 'i' if len(numbers) == 1 else 'v'
    kind = 'type="int" ' if whole else ''
    return f'  <{element} {kind}name="{name}"> {value} </{element}>\n'


def _kpoints(kpoints: Kpoints) -> str:
    """Return the k-points that were asked for, of which none was used."""
    if kpoints.points:
        points = np.array(kpoints.points)
        lists = _rows('kpointlist', points[:, :3]) + _rows('weights', points[:, 3:])
        return f' <kpoints>\n{lists} </kpoints>\n'
    divisions = ' '.join(map(str, kpoints.divisions))
    shift = ' '.join(map(str, kpoints.shift))
    return (
        f' <kpoints>\n  <generation param="{kpoints.scheme}">\n'
        f'   <v type="int" name="divisions"> {divisions} </v>\n'
        f'   <v name="usershift"> {shift} </v>\n'
        '  </generation>\n </kpoints>\n'
    )


def _parameters(incar: Incar) -> str:
    """Return the parameters that INCAR or VASP's defaults give and that anything depends on."""
    sections = {
        'general': f'   <i type="string" name="SYSTEM">{escape(incar.system)}</i>\n',
        'electronic': f'   <i name="ENMAX"> {incar.encut} </i>\n   <i name="EDIFF"> {incar.ediff} '
        f'</i>\n   <i type="int" name="NELM"> {incar.nelm} </i>\n',
        'ionic': f'   <i type="int" name="NSW"> {incar.nsw} </i>\n'
        f'   <i type="int" name="IBRION"> {incar.ibrion} </i>\n'
        f'   <i type="int" name="ISIF"> {incar.isif} </i>\n'
        f'   <i name="EDIFFG"> {incar.ediffg} </i>\n   <i name="PSTRESS"> {incar.pstress} </i>\n',
    }
    parts = [
        f'  <separator name="{name}">\n{items}  </separator>\n' for name, items in sections.items()
    ]
    return f' <parameters>\n{"".join(parts)} </parameters>\n'


def _atoms(inputs: Inputs) -> str:
    """Return the elements of the atoms and what POTCAR says of them."""
    blocks = list(zip(inputs.potcars, inputs.poscar.amounts, strict=True))
    atoms = [
        f'    <rc><c>{potcar.element:2}</c><c>{number:4d}</c></rc>\n' * amount
        for number, (potcar, amount) in enumerate(blocks, 1)
    ]
    types = [
        f'    <rc><c>{amount:4d}</c><c>{potcar.element:2}</c><c>{potcar.mass:16.8f}</c>'
        f'<c>{potcar.valence:16.8f}</c><c>{escape(potcar.title)}</c></rc>\n'
        for potcar, amount in blocks
    ]
    return (
        f' <atominfo>\n  <atoms> {sum(inputs.poscar.amounts)} </atoms>\n'
        f'  <types> {len(blocks)} </types>\n'
        + _table('atoms', 'ion', {'element': 'string', 'atomtype': 'int'}, atoms)
        + _table(
            'atomtypes',
            'type',
            {
                'atomspertype': 'int',
                'element': 'string',
                'mass': '',
                'valence': '',
                'pseudopotential': 'string',
            },
            types,
        )
        + ' </atominfo>\n'
    )


def _table(name: str, dimension: str, fields: Mapping[str, str], rows: Iterable[str]) -> str:
    """Return a table whose columns have names and types."""
    columns = [
        f'   <field{f" type={kind!r}" if kind else ""}>{field}</field>\n'.replace("'", '"')
        for field, kind in fields.items()
    ]
    return (
        f'  <array name="{name}">\n   <dimension dim="1">{dimension}</dimension>\n'
        f'{"".join(columns)}   <set>\n{"".join(rows)}   </set>\n  </array>\n'
    )


def _structure(
    lattice: Float[np.ndarray, '3 3'], fractions: Float[np.ndarray, 'atoms 3'], name: str = ''
) -> str:
    """Return a structure with its reciprocal lattice, without the factor 2π."""
    attribute = f' name="{name}"' if name else ''
    return (
        f' <structure{attribute}>\n  <crystal>\n'
        f'{_rows("basis", lattice)}'
        f'   <i name="volume"> {abs(np.linalg.det(lattice)):.16f} </i>\n'
        f'{_rows("rec_basis", np.linalg.inv(lattice).T)}'
        f'  </crystal>\n{_rows("positions", fractions)} </structure>\n'
    )


def _energy(energy: float) -> str:
    """Return the energy under the three names that it has where electrons have an entropy."""
    names = ('e_fr_energy', 'e_wo_entrp', 'e_0_energy')
    items = [f'    <i name="{name}"> {energy:.12f} </i>\n' for name in names]
    return f'   <energy>\n{"".join(items)}   </energy>\n'


def _rows(name: str, values: Float[np.ndarray, 'rows columns']) -> str:
    """Return an array, a row a line."""
    lines = [
        '    <v> ' + ' '.join(f'{value:22.16f}' for value in row) + ' </v>\n' for row in values
    ]
    return f'   <varray name="{name}">\n{"".join(lines)}   </varray>\n'

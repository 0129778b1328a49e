"""What the numbers of VASP come from: its version, its functional, and the settings behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiida_crystalgen.remote.vasp_emulator.identity import emulating_engine, is_emulated
from aiida_crystalgen.workflows.preflight import potential_titles
from aiida_crystalgen.workflows.vasp_outcome import Outcome
from aiida_crystalgen.workflows.vasp_settings import VaspSettings, functional_name

__all__ = ('vasp_engine',)


def vasp_engine(
    settings: VaspSettings, elements: Iterable[str], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """Return name, version and functional of the engine, and all that its energies depend on.

    What an emulator calculated never bears the name of VASP or of a functional, but that of the
    potential behind it, and is marked as ``emulated``.

    :param outcomes: of the runs.
    """
    results = [one.misc.get_dict() for one in outcomes if one.misc is not None]
    version = next((str(one['version']) for one in results if one.get('version')), '')
    titles = potential_titles(settings, elements)
    facts = {
        'fingerprint': settings.fingerprint,
        'settings': {
            'incar': {name: one for name, one in settings.incar.items() if one is not None},
            'kpoints_spacing': settings.kpoints_spacing,
            'kpoints_mesh': settings.kpoints_mesh and list(settings.kpoints_mesh),
            'potential_family': settings.potential_family,
            'potentials': titles,
        },
    }
    notes = [note.get('message', '') for one in results for note in one.get('notifications', [])]
    potential = emulating_engine(notes)
    # A run that was cut short leaves no version and no notice, but placeholders have their titles.
    nameless = not version and any(title.startswith('EMULATED') for title in titles.values())
    if potential or nameless or is_emulated(version):
        potential = potential or {'name': 'unknown', 'package': '', 'version': ''}
        return {
            'name': 'vasp-emulator',
            'package': potential['package'],
            'version': potential['version'],
            'functional': potential['name'],
            'emulated': True,
            **facts,
        }
    return {
        'name': 'vasp',
        'package': 'vasp',
        'version': version,
        'functional': functional_name(settings.incar, list(titles.values())),
        **facts,
    }

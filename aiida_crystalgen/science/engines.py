"""What computed an energy, and whether two energies can be compared.

An engine is a mapping with ``name``, ``package`` and ``version``, for DFT also ``functional`` and
``settings``, ``emulated`` where a stand-in gave the numbers, and ``pressure`` in GPa where energies
are enthalpies. Where a ``fingerprint`` sums up
what energies depend on, settings are only told; of them ``potentials`` count, a mapping from
elements to what stands for their atoms, as far as two engines have elements in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = (
    'describe_engine',
    'engine_differences',
    'engine_label',
    'is_emulated',
    'merged_engine',
    'refuse_different_engines',
)

_INCIDENTAL = {'code', 'computer'}  # where an engine ran does not change what it gives


def is_emulated(engine: Mapping[str, Any]) -> bool:
    """Return whether a stand-in gave the numbers in place of the real program."""
    return bool(engine.get('emulated', False))


def describe_engine(engine: Mapping[str, Any] | None) -> str:
    """Return the engine in words, those that stand in for another marked in capitals."""
    if not engine:
        return 'an unknown engine'
    shown = {key: one for key, one in engine.items() if key not in {'name', 'emulated', 'settings'}}
    settings = ', '.join(f'{key} {value}' for key, value in shown.items() if value)
    mark = 'EMULATED ' if is_emulated(engine) else ''
    return f"{mark}'{engine.get('name')}' ({settings})"


def engine_label(engine: Mapping[str, Any]) -> str:
    """Return name, package and version, behind a mark in capitals where a stand-in calculated."""
    mark = 'EMULATED ' if is_emulated(engine) else ''
    pressure = f' at {engine["pressure"]:g} GPa' if engine.get('pressure') else ''
    return f'{mark}{engine["name"]} ({engine["package"]} {engine["version"]}){pressure}'


def engine_differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return in what two engines differ; one that is not called emulated is real."""
    ignored = {'emulated', *_INCIDENTAL}
    if 'fingerprint' in ours and 'fingerprint' in theirs:
        ignored.add('settings')
    keys = [key for key in dict.fromkeys([*ours, *theirs]) if key not in ignored]
    different = [key for key in keys if ours.get(key) != theirs.get(key)]
    if is_emulated(ours) != is_emulated(theirs):
        different.append('emulated')
    mine, other = _potentials(ours), _potentials(theirs)
    common = [symbol for symbol in mine if symbol in other]
    return different + [f'potential of {one}' for one in common if mine[one] != other[one]]


def refuse_different_engines(crystals: CrystalSet, references: CrystalSet) -> None:
    """Return nothing if both sets have energies of one known engine.

    :raises ValueError: if they have not; the message names both engines and how they differ.
    """
    ours, theirs = (one.metadata.get('engine') or {} for one in (crystals, references))
    different = engine_differences(ours, theirs)
    if different or not ours:
        how = f' (different {", ".join(different)})' if ours and theirs else ''
        raise ValueError(
            f'the crystals have energies of {describe_engine(ours)}, the references of '
            f'{describe_engine(theirs)}; such energies cannot be compared{how}, relax both with '
            'one engine'
        )


def merged_engine(engines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the one engine of several sets, with the potentials of all their elements.

    :param engines: that do not differ.
    """
    merged = dict(engines[0])
    potentials = {symbol: one for engine in engines for symbol, one in _potentials(engine).items()}
    if potentials:
        merged['settings'] = {**merged['settings'], 'potentials': potentials}
    return merged


def _potentials(engine: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what stands for the atoms of each element in a DFT calculation."""
    settings = engine.get('settings')
    return settings.get('potentials') or {} if isinstance(settings, Mapping) else {}

"""What can be asked of phases, as filters of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypedDict

from aiida.common.timezone import make_aware

from aiida_crystalgen.science.settings import closest

__all__ = ('Conditions', 'record_filters')

_NOT_IMAGINARY = ('stable', 'acoustic noise')
_ENGINES = ('engine', 'phonons.engine', 'elasticity.engine')


class Conditions(TypedDict, total=False):
    """Conditions that phases fulfil all; one that is left out or None asks for nothing.

    :param elements: symbols that a phase has among its own, as in 'Sn,Se' or a set.
    :param chemical_system: symbols that it consists of, and of no others, as in 'Sn-Se' or a set.
    :param composition: its formula, reduced or not, as in 'SnSe'.
    :param hull_below: largest energy above the hull of the references, in eV/atom.
    :param stable: True for phases with both phonons and elastic constants computed, and neither
        unstable; False for those that one of the two makes unstable.
    :param space_group: its number.
    :param generator: label of the generator that proposed it.
    :param proposal_round: number of the round that proposed it.
    :param engine: name of what gave its energy, as in '7net-0' or 'vasp'.
    :param emulated: whether a stand-in for a program gave its energy or a verdict on it.
    :param new: whether it equals none of the references.
    :param since: first moment of its recording; one without time zone is local time.
    :param until: first moment that is too late.
    """

    elements: str | Iterable[str] | None
    chemical_system: str | Iterable[str] | None
    composition: str | None
    hull_below: float | None
    stable: bool | None
    space_group: int | None
    generator: str | None
    proposal_round: int | None
    engine: str | None
    emulated: bool | None
    new: bool | None
    since: datetime | None
    until: datetime | None


def record_filters(conditions: Conditions) -> dict[str, Any]:
    """Return the filters of a query for records that fulfil the conditions.

    :raises TypeError: for a condition that there is not.
    """
    unknown = [name for name in conditions if name not in _FILTERS]
    if unknown:
        raise TypeError(
            f"phases have no condition '{unknown[0]}'. {closest(unknown[0], list(_FILTERS))}"
        )
    found = [
        condition
        for name, value in conditions.items()
        if value is not None
        for condition in _FILTERS[name](value)
    ]
    return {'and': found} if found else {}


def _symbols(elements: str | Iterable[str]) -> list[str]:
    """Return symbols of elements in alphabetical order."""
    if isinstance(elements, str):
        elements = elements.replace(',', ' ').replace('-', ' ').split()
    return sorted(set(elements))


def _has_elements(elements: str | Iterable[str]) -> list[dict[str, Any]]:
    """Return the filters for records with these elements."""
    symbols = _symbols(elements)
    return [{'attributes.elements': {'contains': symbols}}] if symbols else []


def _has_only(elements: str | Iterable[str]) -> list[dict[str, Any]]:
    """Return the filters for records with these elements and no others."""
    symbols = _symbols(elements)
    return [*_has_elements(symbols), {'attributes.elements': {'of_length': len(symbols)}}]


def _has_composition(formula: str) -> list[dict[str, Any]]:
    """Return the filters for records of a composition.

    :raises ValueError: if that is no formula.
    """
    from pymatgen.core import Composition

    try:
        composition = Composition(formula)
    except ValueError as exception:
        raise ValueError(
            f"the composition '{formula}' is no chemical formula such as SnSe"
        ) from exception
    # Clusters are recorded with their whole formula.
    names = [composition.reduced_formula, composition.formula.replace(' ', '')]
    return [{'attributes.reduced_formula': {'in': names}}]


def _is_stable(wanted: bool) -> list[dict[str, Any]]:
    """Return the filters for records with both verdicts good, or with a bad one."""
    if wanted:
        return [
            {'attributes.phonons.verdict': {'in': list(_NOT_IMAGINARY)}},
            {'attributes.elasticity.stable': True},
        ]
    imaginary = {'attributes.phonons.verdict': 'imaginary'}
    return [{'or': [imaginary, {'attributes.elasticity.stable': False}]}]


def _is_emulated(wanted: bool) -> list[dict[str, Any]]:
    """Return the filters for records in which any engine is emulated, or none is."""
    marks = [{f'attributes.{engine}.emulated': True} for engine in _ENGINES]
    return [{'or' if wanted else '!or': marks}]


def _equals(name: str) -> Callable[[Any], list[dict[str, Any]]]:
    """Return the function that makes the filters for records with this value of a field."""
    return lambda value: [{f'attributes.{name}': value}]


# Each function returns conditions that all hold.
_FILTERS: dict[str, Callable[[Any], list[dict[str, Any]]]] = {
    'elements': _has_elements,
    'chemical_system': _has_only,
    'composition': _has_composition,
    'hull_below': lambda limit: [{'attributes.energy_above_hull': {'<=': float(limit)}}],
    'stable': _is_stable,
    'space_group': _equals('space_group'),
    'generator': _equals('generator'),
    'proposal_round': _equals('proposal_round'),
    'engine': _equals('engine.name'),
    'emulated': _is_emulated,
    'new': lambda wanted: [{'attributes.known': {'of_type': 'null' if wanted else 'string'}}],
    'since': lambda moment: [{'ctime': {'>=': make_aware(moment)}}],
    'until': lambda moment: [{'ctime': {'<': make_aware(moment)}}],
}

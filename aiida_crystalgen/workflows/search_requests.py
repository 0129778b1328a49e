"""What each generator is asked for, from a composition and the numbers of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aiida_crystalgen.science.clusters import occupied_volumes
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.interface import (
    Generator,
    Request,
    TakesSystems,
    generator_names,
    load_generator,
)

__all__ = ('build_request', 'refuse_foreign_pairs', 'validity_of')

_REQUESTED = ('formula_units', 'cell', 'space_groups', 'attempts', 'targets')


def build_request(
    composition: str,
    chosen: Mapping[str, Any],
    references: CrystalSet | None,
    candidates: int,
    generator: Generator,
) -> dict[str, Any]:
    """Return the request to one generator, in numbers.

    :param references: that say whether crystals or clusters are asked for, and how large the cells
        are where no volume is chosen; None asks for crystals, and estimates it from the elements.
    :param generator: that is asked; some choose formulas and volumes themselves.
    """
    volume = chosen['volume']
    per_atom = volume['per_atom']
    if not isinstance(generator, TakesSystems):
        _refuse_system(composition, generator)
        per_atom = _usual_volume(composition, references) if per_atom is None else per_atom
    request = {
        'composition': composition,
        'candidates': candidates,
        'volume_per_atom': per_atom,
        'volume_tolerance': volume['tolerance'],
        'distances': _distances(composition, chosen),
        'periodic': references is None or references.periodic,
        **{key: chosen[key] for key in _REQUESTED},
    }
    try:
        checked = Request.parse(request)
    except ValueError as exception:
        # The user wrote these two keys of the request in a mapping of their own.
        raise ValueError(str(exception).replace("'volume_", "'volume.")) from None
    if checked.periodic and not isinstance(generator, TakesSystems):
        _refuse_impossible(checked)
    return checked.model_dump(mode='json')


def validity_of(
    generators: Mapping[str, Mapping[str, Any]], distance_factor: float
) -> dict[str, Any]:
    """Return what a proposal must fulfil: what the generators are asked for.

    :param distance_factor: of the sum of covalent radii, for elements that were left open.
    """
    requests = [one['request'].get_dict() for one in generators.values()]
    volumes, tolerances = (
        [one[key] for one in requests] for key in ('volume_per_atom', 'volume_tolerance')
    )
    smallest, largest = None, None
    if None not in volumes:
        pairs = list(zip(volumes, tolerances, strict=True))
        smallest = min(volume * (1 - tolerance) for volume, tolerance in pairs)
        largest = max(volume * (1 + tolerance) for volume, tolerance in pairs)
    return {
        'distances': {pair: least for one in requests for pair, least in one['distances'].items()},
        'smallest_volume': smallest,
        'largest_volume': largest,
        'distance_factor': distance_factor,
    }


def _refuse_system(composition: str, generator: Generator) -> None:
    """Raise if a generator is asked for a chemical system, but needs formulas."""
    if '-' not in composition:
        return
    able = [one for one in generator_names() if isinstance(load_generator(one), TakesSystems)]
    elements = ', '.join(one for one in composition.split('-') if one != '*')
    raise ValueError(
        f"'composition' is {composition}, but {generator.name} needs formula units, as all those "
        f'of {{system: [{elements}], atoms: 4}}; {", ".join(able)} takes chemical systems'
    )


def _refuse_impossible(request: Request) -> None:
    """Raise if no crystal of the composition fits any of the space groups."""
    from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups

    for number in request.formula_units:
        amounts = {symbol: number * amount for symbol, amount in request.amounts.items()}
        possible = set(compatible_space_groups(amounts, request.cell))
        if not possible & set(request.space_groups or possible):
            raise ValueError(
                f"'space_groups' is {list(request.space_groups or ())}: no Wyckoff positions of "
                f'these hold {number} formula units of {request.composition} in the {request.cell} '
                'cell; `aiida-crystalgen search groups` lists those that do'
            )


def _usual_volume(composition: str, references: CrystalSet | None) -> float:
    """Return the volume per atom of the lowest reference, or the median without energies, in Å³.

    References of the composition go before others. Of single atoms the volume is estimated.
    """
    from aiida_crystalgen.science.sources.prototypes import typical_volume

    if references is None:
        return typical_volume(composition)
    names, kinds = np.unique(reduced_formulas(references), return_inverse=True)
    same = [kind for kind, name in enumerate(names) if _formula(name) == _formula(composition)]
    mine = np.flatnonzero(np.isin(kinds, same))
    known = references.select(mine) if len(mine) else references
    volumes = occupied_volumes(known) / known.counts
    usual = volumes[np.nanargmin(known['energy'])] if 'energy' in known else np.median(volumes)
    return float(usual) or typical_volume(composition)


def _formula(composition: str) -> str:
    """Return the reduced formula of a composition.

    :raises ValueError: if it is none.
    """
    from pymatgen.core import Composition

    try:
        return str(Composition(composition).reduced_formula)
    except ValueError:
        raise ValueError(f"'composition' is {composition!r}: not a chemical formula") from None


def refuse_foreign_pairs(formulas: Sequence[str], distances: Mapping[str, float]) -> None:
    """Raise if a distance is given for an element that none of the compositions has."""
    known = {symbol for one in formulas for symbol in _symbols(one)}
    foreign = [pair for pair in distances if not set(str(pair).split('-')) <= known]
    if foreign:
        raise ValueError(f"'distances' names {foreign[0]}, which {', '.join(formulas)} has not")


def _symbols(composition: str) -> list[str]:
    """Return the elements that a composition names, in alphabetical order."""
    from pymatgen.core import Composition

    if '-' in composition:
        return sorted(one for one in composition.split('-') if one != '*')
    return sorted(element.symbol for element in Composition(_formula(composition)).elements)


def _distances(composition: str, chosen: Mapping[str, Any]) -> dict[str, float]:
    """Return the shortest distance for each pair of elements of a composition, in Å.

    Where none are given it is a fraction of the sum of the covalent radii. Radii: Cordero et al.,
    Dalton Trans. 2008, 2832, doi:10.1039/b801115j.
    """
    from ase.data import atomic_numbers, covalent_radii

    elements = [one for one in _symbols(composition) if one in atomic_numbers]
    if chosen['distances']:
        return {
            pair: least
            for pair, least in chosen['distances'].items()
            if set(pair.split('-')) <= set(elements)
        }
    radii = {one: float(covalent_radii[atomic_numbers[one]]) for one in elements}
    return {
        f'{a}-{b}': round(chosen['distance_factor'] * (radii[a] + radii[b]), 3)
        for a in elements
        for b in elements
        if a <= b
    }

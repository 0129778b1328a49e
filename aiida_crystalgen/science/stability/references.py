"""The crystals that span the hull of a chemical system, and what is known of them already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from pydantic import Field, field_validator
from pymatgen.core import Element

from aiida_crystalgen.science.composition import has_only, reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.engines import merged_engine, refuse_different_engines
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.sources.prototypes import prototypes, typical_volume
from aiida_crystalgen.science.stability.hull import has_energy

__all__ = (
    'ReferenceSettings',
    'choose_references',
    'collect_references',
    'elements_without_energy',
    'rows_of_origins',
)


class ReferenceSettings(Settings):
    """Which crystals span a hull, beside those that are known.

    :param elements: symbols of the chemical system.
    :param compositions: formulas of compounds in whose prototypes the elements are tried as well.
    :param maximum_atoms: in the primitive cell of a prototype.
    """

    elements: tuple[str, ...] = Field(min_length=1)
    compositions: tuple[str, ...]
    maximum_atoms: int = Field(gt=0)

    @field_validator('elements')
    @classmethod
    def _are_elements(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what is no element."""
        unknown = [symbol for symbol in symbols if not Element.is_valid_symbol(symbol)]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is no symbol of an element")
        return symbols


def choose_references(
    known: CrystalSet | None, settings: ReferenceSettings, screened: CrystalSet | None = None
) -> CrystalSet:
    """Return the crystals that are to span the hull, bare but for ``label`` and ``origin``.

    These are the known crystals of the chemical system, the prototypes of the compositions, and
    those of each element that none of the known crystals consists of. ``origin`` identifies a
    crystal by its geometry. The fact ``known`` of the source is the number of those before the
    prototypes.

    :param known: with the column ``label`` if they have names; energies are not looked at.
    :param screened: what is left of the prototypes after a screening, to take in their place.
    :raises ValueError: if a composition has no prototype.
    """
    given = [one for one in (known, screened) if one is not None]
    parts = [_named(one.select(has_only(one, settings.elements))) for one in given]
    number = len(parts[0]) if known is not None else 0
    pure = {formula for part in parts for formula in reduced_formulas(part).tolist()}
    missing = [symbol for symbol in settings.elements if not pure & _pure_formulas(symbol)]
    compositions = settings.compositions if screened is None else ()
    parts += [
        prototypes(
            composition,
            volume_per_atom=typical_volume(composition),
            maximum_atoms=settings.maximum_atoms,
        )
        for composition in (*missing, *compositions)
    ]
    chosen = concatenate(parts)
    return chosen.with_columns(origin=_origins(chosen)).with_metadata(
        source={'kind': 'references', 'elements': list(settings.elements), 'known': number}
    )


def rows_of_origins(wanted: CrystalSet, entries: CrystalSet) -> Int[np.ndarray, ' crystals']:
    """Return the entry that each wanted crystal became, −1 where none has an energy.

    :param wanted: with the column ``origin``.
    :param entries: as `collect_references` returns them.
    """
    usable = np.flatnonzero(has_energy(entries))
    rows = dict(zip(entries['origin'][usable].tolist(), usable.tolist(), strict=True))
    found = [rows.get(origin, -1) for origin in wanted['origin'].tolist()]
    return np.array(found, dtype=np.int64)


def collect_references(chosen: CrystalSet, parts: Sequence[CrystalSet]) -> CrystalSet:
    """Return the chosen crystals as an engine left them, in their order.

    :param chosen: as `choose_references` returns them.
    :param parts: what became of them, with the column ``origin``.
    :raises ValueError: if the parts have energies of different engines, or lack a chosen crystal.
    """
    for part in parts[1:]:
        refuse_different_engines(part, parts[0])
    finished = concatenate(parts)
    rows = {origin: row for row, origin in enumerate(finished['origin'].tolist())}
    lost = set(chosen['origin'].tolist()) - set(rows)
    if lost:
        raise ValueError(f'{len(lost)} of {len(chosen)} references were not relaxed at all')
    entries = finished.select([rows[origin] for origin in chosen['origin'].tolist()])
    entries = entries.with_columns(label=chosen['label'], row=np.arange(len(chosen)))
    return entries.with_metadata(
        engine=merged_engine([part.metadata['engine'] for part in parts]),
        source=chosen.metadata['source'],
    )


def elements_without_energy(entries: CrystalSet, elements: Sequence[str]) -> list[str]:
    """Return those of the elements that no entry with an energy consists of."""
    pure = set(reduced_formulas(entries.select(has_energy(entries))).tolist())
    return [symbol for symbol in elements if not pure & _pure_formulas(symbol)]


def _pure_formulas(symbol: str) -> set[str]:
    """Return the reduced formulas of an element, which are those of molecules for some."""
    return {symbol, f'{symbol}2'}


def _named(crystals: CrystalSet) -> CrystalSet:
    """Return the bare crystals with labels."""
    labels = crystals['label'] if 'label' in crystals else reduced_formulas(crystals)
    return crystals.without_columns().with_columns(label=labels)


def _origins(crystals: CrystalSet) -> np.ndarray:
    """Return a digest of each crystal's cell, positions and elements, as they are written."""
    return np.array([_digest(crystals, row) for row in range(len(crystals))], dtype=np.str_)


def _digest(crystals: CrystalSet, row: int) -> str:
    """Return the digest of one crystal."""
    atoms = crystals.atoms(row)
    numbers = np.concatenate(
        [crystals.lattices[row].ravel(), crystals.fractional_coordinates[atoms].ravel()]
    )
    content = np.round(numbers, 6) + 0.0  # no negative zeros
    digest = hashlib.sha256(content.astype('<f8').tobytes())
    digest.update(crystals.atomic_numbers[atoms].astype('<i8').tobytes())
    return digest.hexdigest()[:32]

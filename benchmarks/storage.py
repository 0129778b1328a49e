"""Storing crystals in AiiDA: one node for a set against one node for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import temporary_profile

if TYPE_CHECKING:
    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_CRYSTALS = 10_000
_ATOMS = 8
_OF_PEER = 300  # one by one, ten thousand would take minutes
_REPEATS = 3
_GOAL = 50


def _crystals(number: int) -> CrystalSet:
    """Return random crystals with an energy and a label each."""
    import numpy as np

    from aiida_crystalgen.science.crystals import Column, CrystalSet

    random = np.random.default_rng(0)
    return CrystalSet(
        lattices=5.4 * np.eye(3) + random.normal(scale=0.1, size=(number, 3, 3)),
        fractional_coordinates=random.random((number * _ATOMS, 3)),
        atomic_numbers=np.tile([50, 34], number * _ATOMS // 2),
        counts=np.full(number, _ATOMS),
        columns={
            'energy': Column(random.random(number), 'eV/atom'),
            'label': Column(np.array([f'crystal {row}' for row in range(number)])),
        },
    )


def _measure(context: Context) -> list[Measurement]:
    """Return crystals stored and read back per second, ours and one node for each crystal."""
    with temporary_profile():
        from aiida import orm
        from aiida.manage import get_manager

        from aiida_crystalgen.data import convert

        many, few = _crystals(_CRYSTALS), _crystals(_OF_PEER)

        def as_one_set() -> None:
            pk = convert.node_from_crystals(many).store().pk
            convert.crystals_from_node(orm.load_node(pk))

        def one_by_one() -> None:
            pks = [convert.structure_from_row(few, row).store().pk for row in range(len(few))]
            convert.crystals_from_structures([orm.load_node(pk) for pk in pks])

        def in_one_transaction() -> None:
            with get_manager().get_profile_storage().transaction():
                pks = [convert.structure_from_row(few, row).store().pk for row in range(len(few))]
            query = orm.QueryBuilder()
            query.append(orm.StructureData, filters={'id': {'in': pks}})
            convert.crystals_from_structures(query.all(flat=True))

        ours, single, together = context.alternate(
            as_one_set, one_by_one, in_one_transaction, repeats=_REPEATS
        )
    scaled = f'measured on {_OF_PEER} crystals and scaled; a new profile with SQLite'
    return [
        Measurement.of_rates(
            _CRYSTALS,
            ours or 0.0,
            None if seconds is None else seconds * _CRYSTALS / _OF_PEER,
            goal=_GOAL,
            note=f'StructureData of {_ATOMS} atoms, {how}, {scaled}',
        )
        for how, seconds in (
            ('stored and loaded one by one', single),
            ('stored in one transaction and loaded by one query', together),
        )
    ]


CLAIMS = (
    Claim(
        id='store',
        summary='storing and reading back 10 000 crystals as one set, against StructureData',
        goal=f'≥ {_GOAL}',
        unit='crystals/s',
        measure=_measure,
    ),
)

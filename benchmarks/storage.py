"""Storing crystals in AiiDA: one node for a set against one node for each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS', 'temporary_profile')

_CRYSTALS = 10_000
_ATOMS = 8
_OF_PEER = 300  # one by one, ten thousand would take minutes
_REPEATS = 3
_GOAL = 50


@contextmanager
def temporary_profile(
    backend: str = 'core.sqlite_dos', config: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Load a profile in a folder of its own for the time being, one with SQLite unless told else.

    :param backend: entry point of its storage.
    :param config: of its storage; in the folder if None.
    """
    with tempfile.TemporaryDirectory() as folder:
        # AiiDA makes its configuration folder, with a warning, when it is imported.
        Path(folder, '.aiida').mkdir()
        os.environ['AIIDA_PATH'] = folder
        from aiida import load_profile
        from aiida.manage import get_manager
        from aiida.manage.configuration import create_profile, get_config, reset_config
        from aiida.manage.configuration.settings import AiiDAConfigDir

        reset_config()
        AiiDAConfigDir.set(Path(folder, '.aiida'))
        aiida = get_config(create=True)
        create_profile(
            aiida,
            name='benchmark',
            email='benchmark@localhost',
            storage_backend=backend,
            storage_config=dict(config or {'filepath': str(Path(folder, 'storage'))}),
        )
        # Commands that are measured are processes of their own, which read the file.
        aiida.set_default_profile('benchmark').store()
        load_profile('benchmark', allow_switch=True)
        yield
        get_manager().reset_profile()
        reset_config()


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

"""The models that come with generators, as nodes."""

from __future__ import annotations

import hashlib
import io

from aiida import orm

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.science.generators.interface import (
    ShipsCheckpoint,
    generator_names,
    load_generator,
)

__all__ = ('SHIPPED', 'shipped_model')

SHIPPED = 'shipped'  # what users write in the place of a model


def shipped_model(method: str) -> CheckpointData:
    """Return the model that comes with a generator, stored once in a profile.

    :param method: entry-point name.
    :raises ValueError: if the generator has none.
    """
    generator = load_generator(method)
    if not isinstance(generator, ShipsCheckpoint):
        able = [one for one in generator_names() if _ships(one)]
        raise ValueError(f'{method} comes without a model; {", ".join(able)} has one')
    content = generator.shipped_content()
    query = orm.QueryBuilder()
    sha256 = hashlib.sha256(content).hexdigest()
    query.append(CheckpointData, filters={'attributes.sha256': sha256})
    query.order_by({CheckpointData: 'id'})
    known = query.first(flat=True)
    if known is not None:
        return known
    node = CheckpointData(io.BytesIO(content))
    node.label = f'{method}-{SHIPPED}'
    node.description = generator.model_card()
    return node.store()


def _ships(method: str) -> bool:
    """Return whether a generator comes with a model."""
    return isinstance(load_generator(method), ShipsCheckpoint)

"""Trained models as files: one safetensors file whose header holds everything else as JSON.

No pickle is ever read or written. The header has a single key, because safetensors does not keep
the order of several, and equal checkpoints must be equal byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ('Checkpoint', 'read_checkpoint', 'read_header', 'write_checkpoint')

_KEY = 'aiida_crystalgen'
_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """A trained model of one of the generators.

    :param method: entry-point name of the generator that trained it, as in 'rdf_vae'.
    :param weights: named arrays.
    :param settings: the validated settings of its training, architecture included.
    :param summary: JSON facts of the training: losses per epoch, number of crystals, statistics.
    """

    method: str
    weights: Mapping[str, np.ndarray]
    settings: Mapping[str, Any]
    summary: Mapping[str, Any] = field(default_factory=dict)


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the checkpoint as the content of a safetensors file, equal for equal checkpoints."""
    from safetensors.numpy import save

    header = {
        'format': _FORMAT,
        'method': checkpoint.method,
        'settings': dict(checkpoint.settings),
        'summary': dict(checkpoint.summary),
    }
    weights = {name: np.ascontiguousarray(array) for name, array in checkpoint.weights.items()}
    return save(weights, metadata={_KEY: json.dumps(header, sort_keys=True, allow_nan=False)})


def read_header(content: bytes, name: str = 'checkpoint') -> dict[str, Any]:
    """Return the JSON header of a checkpoint without reading its weights.

    :param name: what to call the file in error messages.
    :raises ValueError: if the content is a pickle, is cut off, or comes from another program.
    """
    if content[:2] == b'PK' or content[:1] == b'\x80':
        raise ValueError(
            f'{name} is a Python pickle; loading it could run code. Import a checkpoint written by '
            '`aiida-crystalgen model export` (safetensors).'
        )
    length = int.from_bytes(content[:8], 'little')
    try:
        tensors = json.loads(content[8 : 8 + length])
        metadata = tensors.pop('__metadata__', {})
    except (ValueError, AttributeError):
        raise ValueError(f'{name} is no safetensors file, or it is cut off in its header') from None
    end = max((entry['data_offsets'][1] for entry in tensors.values()), default=0)
    if len(content) != 8 + length + end:
        found = len(content)
        raise ValueError(f'{name} is truncated: {found} bytes instead of {8 + length + end}')
    if _KEY not in metadata:
        raise ValueError(f'{name} is a safetensors file, but was not written by aiida-crystalgen')
    header = json.loads(metadata[_KEY])
    if header['format'] != _FORMAT:
        raise ValueError(f'{name} has format {header["format"]}; this version reads {_FORMAT}')
    return header


def read_checkpoint(content: bytes, name: str = 'checkpoint') -> Checkpoint:
    """Return the checkpoint that a file contains.

    :param name: what to call the file in error messages.
    :raises ValueError: if the content is a pickle, is cut off, or comes from another program.
    """
    from safetensors.numpy import load

    header = read_header(content, name)
    return Checkpoint(
        method=header['method'],
        weights=load(content),
        settings=header['settings'],
        summary=header['summary'],
    )

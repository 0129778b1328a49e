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
_PICKLES = (b'PK', b'\x80')  # torch.save writes a zip archive that contains one


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

    def require_training(self, method: str, settings: Mapping[str, Any], seed: int) -> None:
        """Do nothing if this is the state of a training of these settings and this seed.

        :raises ValueError: if it is that of another one.
        """
        mine = self.method, dict(self.settings), self.summary.get('seed')
        if mine != (method, dict(settings), seed):
            raise ValueError(
                f'the state to go on from belongs to a training of {self.method} with other '
                'settings or another seed; train from the beginning'
            )

    def require_method(self, method: str) -> None:
        """Raise unless a generator trained the model.

        :raises ValueError: naming both generators.
        """
        if self.method != method:
            raise ValueError(
                f'the checkpoint was trained by {self.method}, not by {method}; '
                f'propose with {self.method}, or train {method} first'
            )

    def require_shapes(self, expected: Mapping[str, tuple[int, ...]]) -> None:
        """Raise unless the weights have exactly these names and shapes.

        :raises ValueError: naming the first that has not.
        """
        found = {name: array.shape for name, array in self.weights.items()}
        for name in sorted({*found, *expected}):
            if found.get(name) != expected.get(name):
                raise ValueError(
                    f"the weights of the checkpoint do not fit its settings: '{name}' has shape "
                    f'{found.get(name)} instead of {expected.get(name)}'
                )


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the checkpoint as the content of a safetensors file, equal for equal checkpoints."""
    from safetensors.numpy import save

    header = {
        'format': _FORMAT,
        'method': checkpoint.method,
        'settings': dict(checkpoint.settings),
        'summary': dict(checkpoint.summary),
    }
    weights = {name: np.asarray(array, order='C') for name, array in checkpoint.weights.items()}
    return save(weights, metadata={_KEY: json.dumps(header, sort_keys=True, allow_nan=False)})


def read_header(content: bytes, name: str = 'checkpoint') -> dict[str, Any]:
    """Return the JSON header of a checkpoint without reading its weights.

    :param name: what to call the file in error messages.
    :raises ValueError: if the content is a pickle, is cut off, or comes from another program.
    """
    length = int.from_bytes(content[:8], 'little')
    try:
        tensors = json.loads(content[8 : 8 + length])
        metadata = tensors.pop('__metadata__', {})
        end = max((entry['data_offsets'][1] for entry in tensors.values()), default=0)
        expected = 8 + length + end
        text = metadata.get(_KEY)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError(_foreign(content, name)) from None
    if len(content) != expected:
        problem = 'truncated' if len(content) < expected else 'too long'
        raise ValueError(f'{name} is {problem}: {len(content)} bytes instead of {expected}')
    if text is None:
        raise ValueError(f'{name} is a safetensors file, but was not written by aiida-crystalgen')
    return _parse_header(text, name)


def _foreign(content: bytes, name: str) -> str:
    """Return what is wrong with a file that does not begin as a safetensors file does.

    The first bytes of a pickle alone would not tell: those of a safetensors file are the length of
    its header, which can be the same. The header itself begins with a brace.
    """
    if content.startswith(_PICKLES) and content[8:9] != b'{':
        return (
            f'{name} is a Python pickle; loading it could run code. Import a checkpoint written by '
            '`aiida-crystalgen model export` (safetensors).'
        )
    return f'{name} is no safetensors file, or it is cut off in its header'


def _parse_header(text: Any, name: str) -> dict[str, Any]:
    """Return the header from its JSON text.

    :raises ValueError: if the text is no header of a format that this version reads.
    """
    try:
        header = json.loads(text)
        found = header['format']
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError(f'{name} has a damaged header') from None
    if found != _FORMAT:
        raise ValueError(f'{name} has format {found}; this version reads {_FORMAT}')
    missing = [key for key in ('method', 'settings', 'summary') if key not in header]
    if missing:
        raise ValueError(f"{name} has a damaged header: it lacks '{missing[0]}'")
    return header


def read_checkpoint(content: bytes, name: str = 'checkpoint') -> Checkpoint:
    """Return the checkpoint that a file contains.

    :param name: what to call the file in error messages.
    :raises ValueError: if the content is a pickle, is cut off, or comes from another program.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    header = read_header(content, name)
    try:
        weights = load(content)
    except (SafetensorError, LookupError) as exception:
        raise ValueError(f'{name} has damaged weights: {exception}') from exception
    return Checkpoint(
        method=header['method'],
        weights=weights,
        settings=header['settings'],
        summary=header['summary'],
    )

"""Seeds for the stages of a search, derived from one number."""

from __future__ import annotations

import hashlib

__all__ = ('derive_seed',)


def derive_seed(seed: int, *path: str | int) -> int:
    """Return a seed for one stage, which no other path shares but by chance.

    A cryptographic hash keeps the streams of neighbouring rounds and stages independent.

    :param seed: of the whole search.
    :param path: round, stage and generator, as in ``(1, 'propose', 'rdf_vae')``.
    """
    text = '/'.join(str(part) for part in (seed, *path))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], 'little') >> 1

"""What makes torch give the same bits every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ('single_threaded',)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let torch work on one thread inside the block, so that it always adds in the same order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

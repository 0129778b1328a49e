"""What makes numerical libraries give the same bits every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

__all__ = ('single_threaded',)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let numpy and torch work on one thread inside the block, so that they add in one order."""
    import torch

    threads = torch.get_num_threads()
    with threadpool_limits(limits=1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)

"""Inputs that the science refuses end a calcfunction with an exit code, not with a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from aiida.engine import ExitCode

__all__ = ('refusable',)

# The status of ERROR_REFUSED of the jobs, so that both twins of a verb end alike.
_REFUSED = 410

Function = TypeVar('Function', bound=Callable[..., Any])


def refusable(function: Function) -> Function:
    """Return the function with an exit code in place of every ``ValueError``."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ValueError as exception:
            reason = str(exception).rstrip('.')
            return ExitCode(_REFUSED, f'The input cannot be worked on: {reason}.')

    return run  # type: ignore[return-value]

"""Commands that need an AiiDA profile load it when they run, not when they are described."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ('with_profile',)

Arguments = ParamSpec('Arguments')
Result = TypeVar('Result')


def with_profile(command: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return the command preceded by loading the default profile, unless one is loaded already.

    The error of a missing profile reaches the root command, which says how to make one.
    """

    @functools.wraps(command)
    def loaded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        from aiida import load_profile

        load_profile()
        return command(*args, **kwargs)

    return loaded

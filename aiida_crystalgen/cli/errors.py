"""Expected errors become one sentence on standard error; a traceback needs ``--debug``."""

from __future__ import annotations

import errno
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ('Refusal', 'sentence', 'sentences')

# Looked up among the imported modules: an error of a module never imported cannot be raised, and
# the command line must not wait for AiiDA to say that an option is wrong.
EXPECTED_ELSEWHERE = {
    'aiida.common.exceptions': 'AiidaException',
    'sqlalchemy.exc': 'SQLAlchemyError',
}
NO_PROFILE = (
    'List the profiles with `verdi profile list`, or make one with `verdi presto --use-zeromq`.'
)
ADVICE = {
    'MissingConfigurationError': NO_PROFILE,
    'ProfileConfigurationError': NO_PROFILE,
    'IncompatibleStorageSchema': 'Run `verdi storage migrate` after `verdi daemon stop`.',
    'DaemonException': 'See `verdi daemon logshow`.',
}
FULL_DISK = 'Free some space and run the command again.'
BUSY = 'Other processes are writing to it; run the command again.'


class Refusal(click.ClickException):
    """The end of a command that cannot do what it is asked, with the sentence that says why."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence on standard error."""
        click.echo(self.message, file=file, err=True)


@contextmanager
def sentences(*, debug: bool) -> Iterator[None]:
    """Turn the expected errors of a block into refusals.

    :param debug: let the errors through instead, with their traceback.
    :raises Refusal: for an expected error.
    """
    try:
        yield
    except _expected() as exception:
        # click itself ends quietly when the reader of its output, such as `head`, has gone.
        if debug or getattr(exception, 'errno', None) == errno.EPIPE:
            raise
        raise Refusal(sentence(exception)) from exception


def sentence(exception: BaseException) -> str:
    """Return what an error says to the user, with advice where there is some."""
    if isinstance(exception, OSError) and exception.strerror:
        return _of_the_system(exception)
    text = str(getattr(exception, 'orig', None) or exception).strip() or type(exception).__name__
    kinds = [kind.__name__ for kind in type(exception).__mro__]
    advice = next((ADVICE[kind] for kind in kinds if kind in ADVICE), '')
    if 'disk is full' in text:
        advice = FULL_DISK
    if 'database is locked' in text:
        advice = BUSY
    if not advice:
        return text
    # AiiDA prints the whole configuration after the first line.
    first = text.splitlines()[0]
    return f'{first} {advice}' if first[-1] in '.?!' else f'{first}. {advice}'


def _of_the_system(error: OSError) -> str:
    """Return the sentence of an error of the operating system, the file first."""
    reason = f'{error.strerror[0].lower()}{error.strerror[1:]}' if error.strerror else 'failed'
    where = f'{error.filename}: ' if error.filename else ''
    return f'{where}{reason}.' + (f' {FULL_DISK}' if error.errno == errno.ENOSPC else '')


def _expected() -> tuple[type[BaseException], ...]:
    """Return the classes of errors that a user can cause and mend."""
    elsewhere = [
        getattr(sys.modules[module], name)
        for module, name in EXPECTED_ELSEWHERE.items()
        if hasattr(sys.modules.get(module), name)
    ]
    return (ValueError, OSError, *elsewhere)

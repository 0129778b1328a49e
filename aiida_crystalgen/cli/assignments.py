"""Settings given on the command line, as ``sampling.levels=100``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import yaml

__all__ = ('parse_assignments', 'settings_option')

settings_option = click.option(
    '--set',
    'assignments',
    multiple=True,
    metavar='KEY=VALUE',
    help='Another number than that of the protocol, as in sampling.levels=100; may be repeated.',
)


def parse_assignments(texts: Sequence[str]) -> dict[str, Any]:
    """Return nested settings; a value is read as YAML.

    :raises ValueError: for the first text that is no setting, or contradicts an earlier one.
    """
    result: dict[str, Any] = {}
    for text in texts:
        key, sign, value = text.partition('=')
        *outer, last = key.strip().split('.')
        if not sign or not all([*outer, last]):
            raise ValueError(f"'{text}' is no setting; write one as in sampling.levels=100")
        place = result
        for name in outer:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ValueError(f"'{text}' contradicts the value that '{name}' has already")
        try:
            place[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ValueError(f"the value of '{key.strip()}' is no YAML: {value}") from None
    return result

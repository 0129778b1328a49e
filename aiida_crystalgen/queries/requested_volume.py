"""The volume that a generator was asked for, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ('requested_volume',)


def requested_volume(request: Mapping[str, Any]) -> str:
    """Return volume per atom and tolerance, empty where the generator chose the volume."""
    volume, tolerance = request['volume_per_atom'], request['volume_tolerance']
    return '' if volume is None else f'{volume:.2f} Å³ per atom ± {tolerance:.0%}'

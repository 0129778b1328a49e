"""Structures in pymatgen's JSON, read without trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymatgen.core import Lattice, Structure

__all__ = ('structure_from_json',)


def structure_from_json(content: Mapping[str, Any]) -> Structure:
    """Return lattice, species and positions of a structure that pymatgen wrote.

    Nothing else is read: pymatgen's own decoder would import any module that the content names.

    :raises KeyError: if the content is no structure.
    """
    lattice = content['lattice']
    sites = content['sites']
    return Structure(
        Lattice(lattice['matrix'], pbc=tuple(lattice.get('pbc', (True, True, True)))),
        [{kind['element']: kind['occu'] for kind in site['species']} for site in sites],
        [site['abc'] for site in sites],
    )

"""Crystals from any database that answers OPTIMADE queries (https://www.optimade.org)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.sources.acceptance import Found, accept
from aiida_crystalgen.science.sources.web import ask

__all__ = ('read_optimade',)

_FIELDS = (
    'lattice_vectors',
    'cartesian_site_positions',
    'species_at_sites',
    'species',
    'dimension_types',
    'structure_features',
)


def read_optimade(
    base_url: str,
    query: str,
    *,
    limit: int,
    timeout: float,
    shortest_distance: float,
    progress: Progress = silent,
) -> CrystalSet:
    """Return the crystals of a database that fulfil an OPTIMADE filter.

    They are labelled by their identifiers. ``metadata['source']`` holds address, provider, filter,
    how many structures fulfil it, and why some were rejected.

    :param base_url: as in 'https://optimade.materialsproject.org', with or without '/v1'.
    :param query: filter, as in 'elements HAS ALL "Sn","Se" AND nelements=2'.
    :param limit: number of structures to ask for at most.
    :param timeout: longest wait for one answer, in s.
    :param shortest_distance: crystals with atoms closer than this are rejected, in Å.
    :raises ValueError: if the database cannot be reached, refuses the filter, or has nothing that
        can be used.
    """
    address = _structures_address(base_url)
    entries, meta = _ask_pages(address, query, limit=limit, timeout=timeout, progress=progress)
    found: list[Found] = []
    rejected: dict[str, str] = {}
    for entry in entries:
        name = str(entry.get('id'))
        try:
            found.append(Found(name, _structure(entry.get('attributes') or {})))
        except (LookupError, TypeError) as exception:
            rejected[name] = f'it cannot be read: {type(exception).__name__}: {exception}'
        except ValueError as exception:
            rejected[name] = str(exception)
    return accept(
        found,
        rejected,
        shortest_distance=shortest_distance,
        source={
            'kind': 'optimade',
            'url': address,
            'filter': query,
            'provider': (meta.get('provider') or {}).get('name', ''),
            'matching': meta.get('data_returned'),
        },
        units={},
    )


def _structures_address(base_url: str) -> str:
    """Return the address of the structures of a database, in version 1 of the interface.

    :raises ValueError: if the base is no web address.
    """
    base = base_url.strip().rstrip('/').removesuffix('/structures')
    if not re.match(r'https?://\w', base):
        raise ValueError(
            f"'{base_url}' is no web address, as in 'https://optimade.materialsproject.org'"
        )
    return f'{base}/structures' if re.search(r'/v1(\.\d+)*$', base) else f'{base}/v1/structures'


def _ask_pages(
    address: str, query: str, *, limit: int, timeout: float, progress: Progress
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the entries that fulfil the filter, page after page, and what the last page says."""
    entries: list[dict[str, Any]] = []
    parameters = {'filter': query, 'response_fields': ','.join(_FIELDS)}
    with requests.Session() as session:
        while True:
            answer = ask(session, address, parameters, timeout=timeout)
            page, meta = answer.get('data') or [], answer.get('meta') or {}
            entries.extend(page)
            matching = meta.get('data_returned') or limit
            progress(min(len(entries), limit), min(matching, limit))
            following = (answer.get('links') or {}).get('next')
            if isinstance(following, Mapping):
                following = following.get('href')
            if not page or not following or len(entries) >= limit:
                return entries[:limit], meta
            # The address of the next page repeats the filter.
            address, parameters = following, {}


def _structure(attributes: Mapping[str, Any]) -> Structure:
    """Return the structure that the attributes of an entry describe.

    :raises ValueError: if something is not given.
    """
    for field in _FIELDS[:5]:
        if attributes.get(field) is None:
            raise ValueError(f'the database gives no {field}')
    periodic = tuple(bool(one) for one in attributes['dimension_types'])
    if not all(periodic):
        raise ValueError(
            f'it is periodic along {sum(periodic)} of 3 directions; a crystal needs all 3'
        )
    occupations = {
        species['name']: dict(
            zip(species['chemical_symbols'], species['concentration'], strict=True)
        )
        for species in attributes['species']
    }
    for name, occupation in occupations.items():
        if len(occupation) != 1 or 'vacancy' in occupation:
            raise ValueError(
                f"it has sites with partial occupancy: species '{name}' is {occupation}; only "
                'ordered crystals can be used'
            )
    return Structure(
        Lattice(attributes['lattice_vectors']),
        [occupations[name] for name in attributes['species_at_sites']],
        attributes['cartesian_site_positions'],
        coords_are_cartesian=True,
    )

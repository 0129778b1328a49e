"""Crystals and their energies from the Materials Project (https://materialsproject.org)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import requests

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.sources.acceptance import Found, accept
from aiida_crystalgen.science.sources.geometry import structure_from_json
from aiida_crystalgen.science.sources.web import ask

__all__ = ('read_materials_project',)

ADDRESS = 'https://api.materialsproject.org'
KEY = 'MP_API_KEY'
CITATION = 'A. Jain et al., APL Materials 1, 011002 (2013), doi:10.1063/1.4812323'

# Corrected GGA and GGA+U energies, which share one hull; the mixed scheme with r2SCAN does not
# keep the geometry and the energy of a material to one functional.
_SCHEME = 'GGA_GGA+U'
_FIELDS = (
    'material_id',
    'energy_per_atom',
    'energy_above_hull',
    'energy_type',
    'entries',
    'builder_meta',
)
_PAGE = 100
_LICENCES = {'BY-C': 'CC BY 4.0', 'BY-NC': 'CC BY-NC 4.0'}
_UNITS = {'energy': 'eV/atom', 'energy_above_hull': 'eV/atom'}


def read_materials_project(
    query: str,
    *,
    limit: int,
    timeout: float,
    shortest_distance: float,
    progress: Progress = silent,
    address: str = ADDRESS,
) -> CrystalSet:
    """Return the crystals of a formula or a chemical system with their energies.

    Columns ``energy`` (PBE with the corrections of the Materials Project) and
    ``energy_above_hull`` are in eV/atom, labels are Materials Project identifiers. The key of the
    user's account is taken from the environment variable MP_API_KEY.

    :param query: formula, as in 'SnSe', or system, as in 'Sn-Se', whose elements and other
        subsystems are then included, as a hull needs them.
    :param limit: number of structures to ask for at most.
    :param timeout: longest wait for one answer, in s.
    :param shortest_distance: crystals with atoms closer than this are rejected, in Å.
    :raises ValueError: if there is no key, no network, or nothing usable.
    """
    key = os.environ.get(KEY)
    if not key:
        raise ValueError(
            f'the Materials Project wants the key of an account in the environment variable {KEY}; '
            'get one at https://next-gen.materialsproject.org/api, or import files instead'
        )
    with requests.Session() as session:
        session.headers['X-API-KEY'] = key
        version = ask(session, f'{address}/heartbeat', {}, timeout=timeout).get('db_version', '')
        documents = _ask_pages(
            session, address, query, limit=limit, timeout=timeout, progress=progress
        )
    found = [_found(document) for document in documents]
    licences = {(one.get('builder_meta') or {}).get('license', 'BY-C') for one in documents}
    crystals = accept(
        found,
        {},
        shortest_distance=shortest_distance,
        source={
            'kind': 'materials_project',
            'query': query,
            'database_version': version,
            'licence': ', '.join(sorted(_LICENCES.get(one, one) for one in licences)),
            'citation': CITATION,
        },
        units=_UNITS,
    )
    engine = {'name': _SCHEME, 'package': 'Materials Project', 'version': version}
    return crystals.with_metadata(engine=engine)


def _ask_pages(
    session: requests.Session,
    address: str,
    query: str,
    *,
    limit: int,
    timeout: float,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Return the documents of the formula or the system, page after page."""
    documents: list[dict[str, Any]] = []
    while len(documents) < limit:
        parameters: dict[str, str | int] = {
            **_selection(query),
            'thermo_types': _SCHEME,
            '_fields': ','.join(_FIELDS),
            '_limit': min(_PAGE, limit - len(documents)),
            '_skip': len(documents),
        }
        answer = ask(session, f'{address}/materials/thermo/', parameters, timeout=timeout)
        page = answer.get('data') or []
        documents.extend(page)
        matching = (answer.get('meta') or {}).get('total_doc', len(documents))
        progress(len(documents), min(matching, limit))
        if not page or len(documents) >= matching:
            break
    return documents


def _selection(query: str) -> dict[str, str]:
    """Return the parameters that select a formula, or a system with all its subsystems."""
    elements = sorted({one.strip() for one in query.split('-')})
    if len(elements) == 1:
        return {'formula': query.strip()}
    systems = [
        '-'.join(some)
        for number in range(1, len(elements) + 1)
        for some in combinations(elements, number)
    ]
    return {'chemsys': ','.join(systems)}


def _found(document: Mapping[str, Any]) -> Found:
    """Return the structure whose energy a document states."""
    structure = structure_from_json(document['entries'][document['energy_type']]['structure'])
    properties = {
        'energy': document['energy_per_atom'],
        'energy_above_hull': document['energy_above_hull'],
    }
    return Found(str(document['material_id']), structure, properties)

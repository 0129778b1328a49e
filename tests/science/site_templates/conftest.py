"""Requests, and a handful of known crystals."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from ase.data import atomic_numbers
from pymatgen.core import Composition

from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.site_templates import SiteDistribution, TemplateSettings
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates

KNOWN = [
    *((225, {'Na': 'a', anion: 'b'}) for anion in ('F', 'Cl', 'Br', 'I')),
    *((225, {metal: 'b', 'O': 'a'}) for metal in ('Mg', 'Ca', 'Sr')),  # the other origin
    (221, {'Cs': 'a', 'Cl': 'b'}),
    (221, {'Cs': 'a', 'Br': 'b'}),
    (216, {'Zn': 'a', 'S': 'c'}),
    (186, {'Zn': 'b', 'O': 'b'}),
    (225, {'Ca': 'a', 'F': 'c'}),
    (221, {'Sr': 'a', 'Ti': 'b', 'O': 'c'}),
    (221, {'Ba': 'b', 'Ti': 'a', 'O': 'd'}),  # the other origin
    (62, {'Ca': 'c', 'Ti': 'b', 'O': 'cd'}),
    (139, {'Ca': 'a', 'Cu': 'd', 'Si': 'e'}),
    (194, {'K': 'a', 'Cu': 'd', 'Si': 'c'}),
    (227, {'Mg': 'a', 'Al': 'd', 'O': 'e'}),
]


@pytest.fixture
def templates():
    """Return a function that makes templates from space groups and the letters of elements."""

    def build(listed):
        orbits = [
            (row, atomic_numbers[element], ord(letter) - ord('a'))
            for row, (_, sites) in enumerate(listed)
            for element, letters in sites.items()
            for letter in letters
        ]
        rows, numbers, letters = np.array(orbits).T
        groups = np.array([group for group, _ in listed])
        return SiteTemplates(groups, np.bincount(rows, minlength=len(listed)), numbers, letters)

    return build


@pytest.fixture
def known(templates):
    """Return the distribution of the known crystals."""
    return SiteDistribution.fit(templates(KNOWN))


@pytest.fixture
def ask():
    """Return a function that makes requests."""

    def build(composition, **changes):
        system = '-' in composition
        names = composition.split('-') if system else list(Composition(composition).as_dict())
        pairs = combinations_with_replacement([name for name in names if name != '*'], 2)
        values = {
            'formula_units': (1,),
            'cell': 'primitive',
            'candidates': 100,
            'volume_per_atom': 15.0,
            'volume_tolerance': 0.1,
            'distances': {'-'.join(pair): 1.0 for pair in pairs},
            'attempts': 1,
        }
        return Request(composition=composition, **{**values, **changes})

    return build


@pytest.fixture
def settings():
    """Return a function that makes settings."""

    def build(**changes):
        values = {
            'nearness': 0.3,
            'floor': 0.05,
            'backoff': 1.0,
            'most_atoms': 20,
            'likely_first': False,
        }
        return TemplateSettings(**{**values, **changes})

    return build

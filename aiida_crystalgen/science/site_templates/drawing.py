"""Templates for the rows of a request."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, UInt64

from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.science.site_templates.contents import Contents, contents_of
from aiida_crystalgen.science.site_templates.distribution import SiteDistribution
from aiida_crystalgen.science.site_templates.known import KnownTemplates, known_templates
from aiida_crystalgen.science.site_templates.possible import Orbits, draw_possible
from aiida_crystalgen.science.site_templates.settings import TemplateSettings
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates
from aiida_crystalgen.science.symmetry.random_numbers import fold, root_key, uniform

__all__ = ('draw_templates',)

_TURN, _TEMPLATE = range(2)  # streams of random numbers
_GOLDEN = (5**0.5 - 1) / 2


def draw_templates(
    request: Request,
    distribution: SiteDistribution | None,
    rows: Int[np.ndarray, ' rows'],
    *,
    settings: TemplateSettings,
    seed: int,
) -> SiteTemplates:
    """Return a template for each row, which depends on request, settings, seed and its number.

    Rows take turns among the numbers of formula units that have room in some space group. Of each,
    most get a template that known crystals have, as often as compounds of like elements have it;
    the others any that is possible. Multiples of the golden ratio choose among them, so that a few
    rows already have templates about as often as they are probable.

    :param distribution: of known crystals; without one, all that is possible is equally probable.
    :raises ValueError: if nothing fulfils the request, or a chemical system is asked for of more
        elements than known crystals have.
    """
    turns = contents_of(request, settings)
    if request.is_system and not settings.sites:
        _require_known(request, distribution)
    root = root_key(derive_seed(seed, 'site templates'), 0)
    parts = []
    for turn, contents in enumerate(turns):
        own = np.flatnonzero(rows % len(turns) == turn)
        if len(own):
            start = 0.0 if settings.likely_first else float(uniform(fold(root, _TURN), turn)[0])
            draws = (start + rows[own] // len(turns) * _GOLDEN) % 1.0
            keys = fold(fold(root, _TEMPLATE), rows[own])
            parts.append((own, _draw(contents, distribution, settings, draws, keys)))
    drawn = _joined(len(rows), parts)
    order = np.lexsort((drawn.letters, drawn.species, drawn.rows))
    return SiteTemplates(
        space_groups=drawn.groups,
        orbit_counts=np.bincount(drawn.rows, minlength=len(rows)),
        atomic_numbers=np.array(turns[0].elements)[drawn.species[order]],
        letters=drawn.letters[order],
    )


def _require_known(request: Request, distribution: SiteDistribution | None) -> None:
    """Raise unless the numbers of sites of a chemical system can follow known crystals.

    :raises ValueError: naming what could be asked for instead.
    """
    number = len(request.elements)
    if distribution is None:
        raise ValueError(
            f'without known crystals the sites of {request.composition} cannot be chosen; ask for '
            "a formula, or give 'sites'"
        )
    if number not in distribution.known:
        raise ValueError(
            f'{request.composition} has {number} elements, but the known crystals have '
            f"{', '.join(map(str, sorted(distribution.known)))}; ask for a formula, or give 'sites'"
        )


def _draw(
    contents: Contents,
    distribution: SiteDistribution | None,
    settings: TemplateSettings,
    draws: Float[np.ndarray, ' rows'],
    keys: UInt64[np.ndarray, ' rows'],
) -> Orbits:
    """Return templates, by numbers from 0 to 1 that choose among known ones and by keys."""
    if distribution is None:
        return draw_possible(contents, None, settings.backoff, keys)
    known = known_templates(contents, distribution, settings.nearness)
    unknown = max(settings.floor, settings.backoff / (known.compounds + settings.backoff))
    share = 1 - unknown if known.compounds else 0.0
    follows = draws < share
    parts = []
    if follows.any():
        own = np.flatnonzero(follows)
        parts.append((own, _followed(known, distribution, known.pick(draws[own] / share))))
    if not follows.all():
        own = np.flatnonzero(~follows)
        parts.append((own, draw_possible(contents, distribution, settings.backoff, keys[own])))
    return _joined(len(keys), parts)


def _followed(
    known: KnownTemplates, distribution: SiteDistribution, picked: Int[np.ndarray, ' rows']
) -> Orbits:
    """Return the templates that were picked among the known ones."""
    types = known.types[picked]
    counts = distribution.orbit_counts[types]
    rows = np.repeat(np.arange(len(picked)), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    orbits = np.repeat(distribution.orbit_bounds[types], counts) + within
    species = known.orders[picked[rows], distribution.roles[orbits]]
    return Orbits(distribution.groups[types], rows, species, distribution.letters[orbits])


def _joined(count: int, parts: list[tuple[np.ndarray, Orbits]]) -> Orbits:
    """Return templates that were drawn in parts.

    :param count: number of all rows.
    :param parts: which rows they are, and what was drawn for them.
    """
    groups = np.zeros(count, dtype=np.int64)
    for own, drawn in parts:
        groups[own] = drawn.groups
    return Orbits(
        groups,
        np.concatenate([own[drawn.rows] for own, drawn in parts]),
        np.concatenate([drawn.species for _, drawn in parts]),
        np.concatenate([drawn.letters for _, drawn in parts]),
    )

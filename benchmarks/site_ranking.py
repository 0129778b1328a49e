"""Speed of ranking substitutions into templates, beside what the paper took on other hardware.

Ryan, Lengyel & Shatruk, J. Am. Chem. Soc. 140, 10158 (2018), doi:10.1021/jacs.8b03913.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.known_crystals import MOST_ASSIGNMENTS, known_crystals

if TYPE_CHECKING:
    from aiida_crystalgen.science.generators.site_network.templates import Templates

__all__ = ('CLAIMS',)

_PAPER_RATE = 4.8e9 / (6 * 3600 * 8)  # candidates per second and core
_PAPER_SECONDS = {2: 2.0, 3: 10.0}
_SYSTEMS = {2: (25, 32), 3: (3, 25, 32)}
_SEED = 0


def _random_templates() -> Templates:
    """Return the AFLOW prototypes a hundred times, with random likelihoods."""
    import numpy as np

    from aiida_crystalgen.science.fingerprints.sites import inequivalent_sites
    from aiida_crystalgen.science.generators.site_network.library import prototype_templates
    from aiida_crystalgen.science.generators.site_network.templates import Templates

    times = 100
    sites = inequivalent_sites(prototype_templates(), 0.01)
    one = Templates.of(sites, np.zeros((len(sites), 118), dtype=np.float32))
    starts = np.arange(times)[:, None] * len(sites)
    random = np.random.default_rng(_SEED).random((times * len(sites), 118))
    return Templates(
        bounds=np.append((one.bounds[:-1] + starts).ravel(), times * len(sites)),
        multiplicities=np.tile(one.multiplicities, times),
        positions=np.tile(one.positions, times),
        log_likelihoods=np.log(random + 1e-6).astype(np.float32),
    )


def _measure_rate(context: Context) -> list[Measurement]:
    """Return how many assignments are scored in a second."""
    from aiida_crystalgen.science.generators.site_network.ranking import rank_candidates

    templates = _random_templates()
    results = []
    for number, system in _SYSTEMS.items():
        found = rank_candidates(templates, system, 100, most_assignments=MOST_ASSIGNMENTS)

        def ours(system: tuple[int, ...] = system) -> None:
            rank_candidates(templates, system, 100, most_assignments=MOST_ASSIGNMENTS)

        (seconds,) = context.take_turns(ours)
        rate = found.scored / seconds
        results.append(
            Measurement(
                ours=rate,
                peer=None,
                ratio=rate / _PAPER_RATE,
                holds=rate >= 1e6,
                note=f'{number} elements, {found.scored} assignments in {len(templates)} '
                f'templates; ratio to the {_PAPER_RATE:.2g} of the paper on other hardware',
            )
        )
    return results


def _measure_system(context: Context) -> list[Measurement]:
    """Return the seconds from a chemical system to its ranked list of compositions."""
    from aiida_crystalgen.science.generators.site_network.ranking import rank_compositions

    data = known_crystals()
    templates = _random_templates() if data is None else data.templates
    results = []
    for (number, system), goal in zip(_SYSTEMS.items(), (0.2, 1.0), strict=True):
        found = rank_compositions(templates, system, most_assignments=MOST_ASSIGNMENTS)

        def ours(system: tuple[int, ...] = system) -> None:
            rank_compositions(templates, system, most_assignments=MOST_ASSIGNMENTS)

        (seconds,) = context.take_turns(ours)
        results.append(
            Measurement(
                ours=seconds,
                peer=None,
                ratio=_PAPER_SECONDS[number] / seconds,
                holds=seconds <= goal,
                note=f'{number} elements: {len(found)} compositions, {found.candidates.scored} '
                f'assignments in {len(templates)} templates, {found.candidates.left_out} left out; '
                f'the paper took {_PAPER_SECONDS[number]:g} s on other hardware',
                goal=f'≤ {goal:g} s',
            )
        )
    return results


CLAIMS = (
    Claim(
        'rank',
        'assignments of elements to sites scored on one core',
        '≥ 1e6',
        'candidates/s',
        _measure_rate,
    ),
    Claim(
        'rank-system',
        'from a chemical system to its ranked compositions',
        '≤ 0.2 s and ≤ 1 s',
        's',
        _measure_system,
    ),
)

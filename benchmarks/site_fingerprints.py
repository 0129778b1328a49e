"""Multi-perspective fingerprints of sites against a loop over pymatgen's neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.fingerprints.sites import Sites, SiteSettings

__all__ = ('CLAIMS',)


def _measure_fingerprints(context: Context) -> list[Measurement]:
    """Return our rate beside that of a loop over pymatgen's neighbours."""
    import numpy as np

    from aiida_crystalgen.science.fingerprints.sites import (
        SiteSettings,
        inequivalent_sites,
        site_fingerprints,
    )
    from aiida_crystalgen.science.generators.site_network.library import prototype_templates
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    crystals = prototype_templates()
    crystals = crystals.select(np.flatnonzero(crystals.counts <= 20))
    sites = inequivalent_sites(crystals, 0.01)
    settings = SiteSettings.parse(protocol_inputs('train/site_network', 'balanced')['sites'])

    def ours() -> None:
        site_fingerprints(crystals, sites, settings)

    share = 20
    seconds, loop = context.take_turns(
        ours, lambda: _loop(crystals, sites, settings, range(0, len(sites), share)), repeats=3
    )
    looped = len(range(0, len(sites), share))
    return [
        Measurement.of_rates(
            len(sites),
            seconds,
            loop * len(sites) / looped,
            goal=30,
            note=f'{len(sites)} sites of the AFLOW prototypes of up to 20 atoms; the loop over '
            f"pymatgen's neighbours took every {share}th",
        )
    ]


def _loop(
    crystals: CrystalSet, sites: Sites, settings: SiteSettings, chosen: range
) -> list[np.ndarray]:
    """Return the fingerprints of some sites, one perspective of one site after another."""
    import numpy as np
    from scipy.signal import resample
    from scipy.signal.windows import kaiser

    from aiida_crystalgen.science.structures import to_structure

    window = kaiser(settings.window, np.pi * settings.shape)
    results = []
    for site in chosen:
        row = int(sites.crystals[site])
        structure = to_structure(crystals, row)
        atom = structure[int(sites.atoms[site] - crystals.offsets[row])]
        radius = 3.0
        while not (near := structure.get_neighbors(atom, radius)):
            radius *= 1.5
        nearest = min(one.nn_distance for one in near)
        around = structure.get_neighbors(atom, settings.reach * nearest)
        vectors = np.array([one.coords for one in around]) / nearest - atom.coords / nearest
        tables = []
        for origin in settings.origins:
            distances = np.linalg.norm(vectors - origin, axis=1)
            counts, _ = np.histogram(distances, settings.bins, (0, settings.cutoff))
            tables.append(resample(np.convolve(counts, window, mode='same'), settings.points))
        results.append(np.array(tables))
    return results


CLAIMS = (
    Claim(
        'site-fingerprints',
        "multi-perspective fingerprints of sites against a loop over pymatgen's neighbours",
        '≥ 30',
        'sites/s',
        _measure_fingerprints,
    ),
)

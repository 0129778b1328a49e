"""What became of a crystal that was displaced along its imaginary modes, and relaxed."""

from __future__ import annotations

from typing import Any

import numpy as np

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.engines import refuse_different_engines
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.phonons.analysis import PhononSummary
from aiida_crystalgen.science.stability.phonons.settings import PhononSettings
from aiida_crystalgen.science.symmetry.analysis import space_groups

__all__ = ('FollowedMode', 'FollowingSummary', 'summarize_following')


class FollowedMode(Settings):
    """One mode that was followed.

    :param label: name of the q-point, or its coordinates.
    :param frequency: of the mode, in THz.
    :param energy_change: from the symmetric crystal to the relaxed one, in eV/atom; None if the
        relaxation failed.
    :param space_group: number of that of the relaxed crystal; None if the relaxation failed.
    :param rejection: why the relaxation failed, empty if it did not.
    """

    label: str
    frequency: float
    energy_change: float | None
    space_group: int | None
    rejection: str


class FollowingSummary(Settings):
    """What following the modes came to.

    :param kept: row of the relaxed crystals that is kept; None if no energy fell by enough.
    :param energy_change: of that row, in eV/atom.
    :param space_group: number of that of the symmetric crystal.
    :param modes: all that were followed, by rows.
    :param engine: that gave the energies.
    """

    kept: int | None
    energy_change: float | None
    space_group: int
    modes: tuple[FollowedMode, ...]
    engine: dict[str, Any]


def summarize_following(
    displaced: CrystalSet, relaxed: CrystalSet, summary: PhononSummary, settings: PhononSettings
) -> FollowingSummary:
    """Return which relaxed crystal has the lowest energy, and by how much it fell.

    :param displaced: as `displaced_crystals` returns them.
    :param relaxed: the same, relaxed by the engine of the phonons.
    :param summary: of the phonons of the symmetric crystal.
    :raises ValueError: if the energies are those of different engines.
    """
    refuse_different_engines(relaxed, displaced.with_metadata(engine=summary.engine))
    groups = space_groups(relaxed, settings.symmetry_tolerance)
    modes = [
        _followed_mode(displaced, relaxed.select([place]), summary.energy, int(groups[place]))
        for place in range(len(relaxed))
    ]
    changes = [np.inf if one.energy_change is None else one.energy_change for one in modes]
    lowest = int(np.argmin(changes))
    fell = changes[lowest] < -settings.following.least_gain
    return FollowingSummary(
        kept=lowest if fell else None,
        energy_change=changes[lowest] if fell else None,
        space_group=summary.space_group,
        modes=tuple(modes),
        engine=summary.engine,
    )


def _followed_mode(
    displaced: CrystalSet, relaxed: CrystalSet, energy: float, space_group: int
) -> FollowedMode:
    """Return what one mode led to.

    :param relaxed: the one crystal.
    :param energy: of the symmetric crystal, in eV/atom.
    :param space_group: of the relaxed one.
    """
    row = int(relaxed['row'][0])
    rejection = str(relaxed['rejection'][0])
    if not rejection and not relaxed['converged'][0]:
        rejection = f'not converged after {relaxed["steps"][0]} steps'
    return FollowedMode(
        label=str(displaced['label'][row]),
        frequency=float(displaced['frequency'][row]),
        energy_change=None if rejection else float(relaxed['energy'][0]) - energy,
        space_group=None if rejection else space_group,
        rejection=rejection,
    )

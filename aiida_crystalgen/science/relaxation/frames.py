"""Crystals on the way of a relaxation: which of them are kept, and which can be learned from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.clusters import occupied_volumes
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.potentials.interface import Potential
from aiida_crystalgen.science.relaxation.flight import relax_in_flight
from aiida_crystalgen.science.relaxation.rejection import unphysical_reasons
from aiida_crystalgen.science.relaxation.settings import (
    FrameSettings,
    PhysicalLimits,
    RelaxSettings,
)

__all__ = ('Relaxation', 'choose_frames', 'relaxations_in_flight', 'training_frames')

_RENAMED = {'row': 'trajectory', 'steps': 'step'}
_KEPT = ('energy', 'max_force', 'stress')  # clusters have no stress


class Relaxation(NamedTuple):
    """What came of a relaxation.

    :param relaxed: the crystals at the end of their ways.
    :param frames: crystals on their ways, trajectory by trajectory in the order of the steps, with
        the columns ``trajectory`` (row of the crystal in the set that is relaxed), ``step``,
        ``energy``, which is finite, ``max_force`` and ``stress``, and of the atoms ``forces``. The
        last one of a trajectory is the relaxed crystal. None where none are kept.
    """

    relaxed: CrystalSet
    frames: CrystalSet | None = None

    def with_rows(self, rows: Int[np.ndarray, ' crystals']) -> Relaxation:
        """Return the same, with these rows in the place of 0, 1, 2 and so on."""
        relaxed = self.relaxed.with_columns(row=rows[self.relaxed['row']])
        if self.frames is None:
            return Relaxation(relaxed)
        trajectories = rows[self.frames['trajectory']]
        return Relaxation(relaxed, self.frames.with_columns(trajectory=trajectories))


def relaxations_in_flight(
    crystals: CrystalSet, potential: Potential, settings: RelaxSettings
) -> Iterator[Relaxation]:
    """Yield crystals as `relax_in_flight` does, with the frames that the settings ask for."""
    if settings.frames is None:
        for landed in relax_in_flight(crystals, potential, settings):
            yield Relaxation(landed)
        return
    recorder = _Recorder(settings.frames)
    for landed in relax_in_flight(crystals, potential, settings, observe=recorder.observe):
        yield Relaxation(landed, recorder.take(landed['row']))


class _Recorder:
    """The ways of all crystals in flight."""

    def __init__(self, settings: FrameSettings) -> None:
        self._settings = settings
        self._seen: list[CrystalSet] = []

    def observe(self, flying: CrystalSet) -> None:
        """Take note of where the crystals in flight are."""
        self._seen.append(flying)

    def take(self, rows: Int[np.ndarray, ' landed']) -> CrystalSet:
        """Return the frames of crystals that have landed, and forget their ways."""
        seen = concatenate(self._seen)
        landed = np.isin(seen['row'], rows)
        self._seen = [seen.select(~landed)]
        return _as_frames(seen.select(landed), self._settings)


def _as_frames(ways: CrystalSet, settings: FrameSettings) -> CrystalSet:
    """Return the frames of whole ways, whose steps are in order."""
    order = np.argsort(ways['row'], kind='stable')
    starts = np.flatnonzero(np.diff(ways['row'][order])) + 1
    chosen = [one[choose_frames(ways['energy'][one], settings)] for one in np.split(order, starts)]
    frames = ways.select(np.concatenate(chosen))
    names = {**_RENAMED, **dict.fromkeys(_KEPT)}
    columns = {new or old: frames.columns[old] for old, new in names.items() if old in frames}
    return replace(frames, columns=columns)


def choose_frames(
    energies: Float[np.ndarray, ' steps'], settings: FrameSettings
) -> Int[np.ndarray, ' kept']:
    """Return which steps of one way are kept, in their order.

    They are the first and the last step within the window, and those next to energies that are
    spread evenly between the two; all steps if they are few enough.

    :param energies: in eV/atom; steps where they are not finite are left out.
    """
    finite = np.flatnonzero(np.isfinite(energies))
    if len(finite) == 0:
        return finite
    inside = finite[energies[finite] <= energies[finite].min() + settings.window]
    if settings.largest_number == 1:
        return inside[-1:]
    first, last = energies[inside[0]], energies[inside[-1]]
    number = settings.largest_number
    if settings.spacing > 0:
        number = min(number, max(2, 1 + int(abs(first - last) / settings.spacing)))
    if len(inside) <= number:
        return inside
    levels = np.linspace(first, last, number)[1:-1]
    nearest = np.abs(energies[inside] - levels[:, None]).argmin(axis=1)
    return inside[np.unique([0, *nearest, len(inside) - 1])]


def training_frames(
    start: CrystalSet, relaxation: Relaxation, limits: PhysicalLimits, window: float
) -> CrystalSet:
    """Return the frames that can be learned from, each with a ``label`` of its own.

    Left out are the ways of crystals that end unphysical, frames that are unphysical themselves,
    and those whose energy is too far above the lowest one of the composition.
    ``metadata['source']`` tells how many.

    :param start: the crystals before the relaxation.
    :param relaxation: of them, or of some of them, with the column ``row`` of the relaxed ones.
    :param limits: what a physical crystal is like.
    :param window: above the lowest frame, in eV/atom.
    :raises ValueError: if no frame is left.
    """
    relaxed, frames = relaxation
    if frames is None:
        raise ValueError('the relaxation has kept no frames; it needs settings of frames')
    physical = relaxed.select(relaxed['rejection'] == '')
    of_physical = np.isin(frames['trajectory'], physical['row'])
    sound = frames.select(of_physical)
    volumes = occupied_volumes(start)[sound['trajectory']]
    sound = sound.select(unphysical_reasons(sound, volumes, limits, peers=physical) == '')
    low = sound.select(_is_within(sound, window))
    if len(low) == 0:
        raise ValueError(
            f'none of {len(frames)} frames can be learned from: {len(relaxed) - len(physical)} of '
            f'{len(relaxed)} crystals ended unphysical'
        )
    names = zip(low['trajectory'], low['step'], strict=True)
    labels = np.array([f'trajectory {one} step {step}' for one, step in names], dtype=np.str_)
    low = replace(low, columns={'label': Column(labels), **low.columns})
    source = {
        'kind': 'trajectories',
        'trajectories': len(np.unique(low['trajectory'])),
        'unphysical_trajectories': len(relaxed) - len(physical),
        'unphysical_frames': int(of_physical.sum()) - len(sound),
        'frames_above_window': len(sound) - len(low),
        'window': window,
    }
    return low.with_metadata(source=source)


def _is_within(frames: CrystalSet, window: float) -> Bool[np.ndarray, ' crystals']:
    """Return which frames are at most so many eV/atom above the lowest of their composition."""
    formulas, kind = np.unique(reduced_formulas(frames), return_inverse=True)
    lowest = np.full(len(formulas), np.inf)
    np.minimum.at(lowest, kind, frames['energy'])
    return frames['energy'] <= lowest[kind] + window

"""The verdict on a crystal's dynamical stability."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.phonons.force_constants import HarmonicCrystal
from aiida_crystalgen.science.stability.phonons.points import (
    are_interpolated_from_gamma,
    commensurate_points,
    one_of_each_star,
    star,
    star_names,
)
from aiida_crystalgen.science.stability.phonons.settings import VerdictSettings
from aiida_crystalgen.science.stability.phonons.spectrum import Modes, modes_at

__all__ = ('ImaginaryPoint', 'PhononVerdict', 'judge_modes')


class ImaginaryPoint(Settings):
    """A special or commensurate q-point with imaginary modes, for all that symmetry makes equal.

    :param q_point: in the reciprocal lattice vectors of the symmetrized crystal.
    :param label: name of the special point: 'Γ', 'X', …; None if it has none.
    :param frequency: the smallest, in THz.
    :param modes: number of imaginary modes.
    :param commensurate: whether its waves fit into the supercell, so that it is exact.
    """

    q_point: tuple[float, float, float]
    label: str | None
    frequency: float
    modes: int
    commensurate: bool


class PhononVerdict(Settings):
    """Whether a crystal is dynamically stable, and where it is not.

    :param verdict: 'acoustic noise' if nothing is imaginary but acoustic modes near Γ, by no more
        than their tolerance, or though the elastic constants say that they are not.
    :param interpolated: whether all that is imaginary beyond the tolerances lies nearer Γ than any
        other q-point whose waves fit into the supercell. These are acoustic modes, as the optical
        ones at Γ are real, and the interpolation between exact points may be wrong.
    :param elastically_stable: what the elastic constants say of waves that are long enough; None if
        they are not known.
    :param smallest_frequency: of all modes that are no noise, in THz, imaginary ones negative; the
        three translations at Γ do not count.
    :param q_point: where it is, in the reciprocal lattice vectors of the symmetrized crystal.
    :param label: name of that point if it is a special one.
    :param smallest_acoustic_frequency: near Γ, noise or not, in THz.
    :param largest_frequency: in THz.
    :param imaginary_points: the softest first; the first q-point may lie between them.
    """

    verdict: Literal['stable', 'acoustic noise', 'imaginary']
    smallest_frequency: float
    q_point: tuple[float, float, float]
    label: str | None
    smallest_acoustic_frequency: float
    largest_frequency: float
    imaginary_points: tuple[ImaginaryPoint, ...]
    interpolated: bool
    elastically_stable: bool | None


def judge_modes(
    phonon: HarmonicCrystal,
    points: dict[str, Float[np.ndarray, ' 3']],
    sampled: Float[np.ndarray, 'sampled 3'],
    settings: VerdictSettings,
    *,
    elastically_stable: bool | None = None,
) -> PhononVerdict:
    """Return the verdict from special and commensurate points, and from others.

    If the stiffness is positive definite, then the frequencies of all long acoustic waves are real
    (Born and Huang, Dynamical Theory of Crystal Lattices, Oxford 1954, § 26 f.). So what the
    interpolation between Γ and its neighbours calls imaginary, though these are all real, is an
    artefact of a supercell that is smaller than the range of the force constants.

    :param points: the special ones by their names.
    :param sampled: others, as those of a path and a mesh.
    :param elastically_stable: whether the stiffness with relaxed ions is positive definite; None if
        it is not known.
    """
    exact = commensurate_points(phonon)
    named = one_of_each_star(phonon, [*points.values(), *exact])
    modes = modes_at(phonon, np.concatenate([named, sampled]))
    imaginary = modes.frequencies < -settings.tolerance
    noise, near = _is_noise(phonon, modes, settings)
    interpolated = _is_interpolated(phonon, modes, imaginary & ~noise)
    if interpolated and elastically_stable:
        noise |= imaginary
    at_gamma = np.abs(modes.q_points - np.rint(modes.q_points)).max(axis=1) < 1e-8
    translations = at_gamma[:, None] & (modes.translation > 0.5)
    counted = np.where(translations | (imaginary & noise), np.inf, modes.frequencies)
    # Of equal points the first: the special one.
    softest = int(np.argmin(np.round(counted.min(axis=1), 6)))
    unstable = imaginary & ~noise
    names = star_names(phonon, points)
    stars = {star(phonon, q_point) for q_point in exact}
    found = [
        ImaginaryPoint(
            q_point=_coordinates(named[row]),
            label=names.get(star(phonon, named[row])),
            frequency=float(modes.frequencies[row][unstable[row]].min()),
            modes=int(unstable[row].sum()),
            commensurate=star(phonon, named[row]) in stars,
        )
        for row in np.flatnonzero(unstable[: len(named)].any(axis=1)).tolist()
    ]
    return PhononVerdict(
        verdict=_word(imaginary, noise),
        smallest_frequency=float(counted[softest].min()),
        q_point=_coordinates(modes.q_points[softest]),
        label=names.get(star(phonon, modes.q_points[softest])),
        smallest_acoustic_frequency=float(modes.frequencies[near].min()),
        largest_frequency=float(modes.frequencies.max()),
        imaginary_points=tuple(sorted(found, key=lambda one: one.frequency)),
        interpolated=interpolated,
        elastically_stable=elastically_stable,
    )


def _is_noise(
    phonon: HarmonicCrystal, modes: Modes, settings: VerdictSettings
) -> tuple[Bool[np.ndarray, 'points modes'], Bool[np.ndarray, 'points modes']]:
    """Return which modes are noise if they are imaginary, and which are acoustic and near Γ."""
    reciprocal = 2 * np.pi * np.linalg.inv(phonon.primitive.cell).T
    from_gamma = modes.q_points - np.rint(modes.q_points)
    distances = np.linalg.norm(from_gamma @ reciprocal, axis=1)
    near = (distances <= settings.acoustic_radius + 1e-8)[:, None] & (modes.translation > 0.5)
    return near & (modes.frequencies >= -settings.acoustic_tolerance), near


def _is_interpolated(
    phonon: HarmonicCrystal, modes: Modes, unstable: Bool[np.ndarray, 'points modes']
) -> bool:
    """Return whether there are unstable modes, all of them between Γ and its neighbours."""
    points = modes.q_points[unstable.any(axis=1)]
    return len(points) > 0 and bool(are_interpolated_from_gamma(phonon, points).all())


def _word(
    imaginary: Bool[np.ndarray, 'points modes'], noise: Bool[np.ndarray, 'points modes']
) -> Literal['stable', 'acoustic noise', 'imaginary']:
    """Return the verdict in words."""
    if (imaginary & ~noise).any():
        return 'imaginary'
    return 'acoustic noise' if imaginary.any() else 'stable'


def _coordinates(q_point: Float[np.ndarray, ' 3']) -> tuple[float, float, float]:
    """Return a q-point as plain numbers, without the noise of their last digits."""
    x, y, z = (np.round(q_point, 10) + 0.0).tolist()
    return x, y, z

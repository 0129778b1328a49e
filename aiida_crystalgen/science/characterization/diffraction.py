"""Powder diffraction patterns."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.settings import Settings

__all__ = ('DiffractionPeak', 'DiffractionSettings', 'diffraction_pattern', 'strongest_peaks')


_REACH = 90.0  # degrees: intensities would mean nothing without a strong peak to compare with


class DiffractionSettings(Settings):
    """How crystals are irradiated.

    :param wavelength: of the X-rays in Å, 1.54184 for the mean of Cu Kα, 2.5 at most.
    :param two_theta: first and last scattering angle in degrees.
    :param strongest: number of peaks that a record names.
    """

    wavelength: float = Field(gt=0, le=2.5)
    two_theta: tuple[float, float]
    strongest: int = Field(ge=0)

    @model_validator(mode='after')
    def _is_a_range(self) -> DiffractionSettings:
        """Refuse angles that no crystal scatters to, or in the wrong order."""
        first, last = self.two_theta
        if not 0 <= first < last <= 180:
            raise ValueError(
                f'two_theta goes from {first:g} to {last:g}°; it must rise within 0–180°'
            )
        return self


class DiffractionPeak(Settings):
    """All reflections that fall on one angle.

    :param two_theta: scattering angle in degrees.
    :param intensity: in % of the strongest peak up to the last angle, or 90° if that is more.
    :param spacing: of the lattice planes, in Å.
    :param reflections: Miller indices of each family, and how many members it has; four indices
        for hexagonal cells.
    """

    two_theta: float
    intensity: float
    spacing: float
    reflections: tuple[tuple[tuple[int, ...], int], ...]


def diffraction_pattern(
    crystals: CrystalSet, row: int, settings: DiffractionSettings, tolerance: float | None = None
) -> tuple[DiffractionPeak, ...]:
    """Return the X-ray peaks of the powder of one crystal, by increasing angle.

    Intensities are those of pymatgen, with atomic form factors and the Lorentz-polarization factor,
    without thermal motion, absorption and texture.

    :param tolerance: within which, in Å, the crystal is idealized to the conventional cell of its
        space group, to which Miller indices then refer; None takes the cell as it is.
    """
    # It imports matplotlib, and the peaks alone need no pymatgen either.
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    from aiida_crystalgen.science.structures import to_structure

    first, last = settings.two_theta
    pattern = XRDCalculator(settings.wavelength, symprec=tolerance or 0).get_pattern(
        to_structure(crystals, row), two_theta_range=(0.0, max(last, _REACH))
    )
    families = [
        tuple((tuple(int(index) for index in one['hkl']), int(one['multiplicity'])) for one in peak)
        for peak in pattern.hkls
    ]
    columns = zip(pattern.x, pattern.y, pattern.d_hkls, families, strict=True)
    return tuple(
        DiffractionPeak(
            two_theta=float(angle), intensity=float(height), spacing=float(spacing), reflections=one
        )
        for angle, height, spacing, one in columns
        if first <= angle <= last
    )


def strongest_peaks(
    pattern: tuple[DiffractionPeak, ...], number: int
) -> tuple[DiffractionPeak, ...]:
    """Return the strongest peaks of a pattern, the strongest first."""
    order = np.argsort([-peak.intensity for peak in pattern], kind='stable')
    return tuple(pattern[peak] for peak in order[:number])

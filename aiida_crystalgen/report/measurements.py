"""What was measured of a phase beyond its energy: phonons, elasticity, diffraction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ('BandStructure', 'Diffraction', 'Elasticity', 'PhononDos', 'Phonons')


@dataclass(frozen=True)
class BandStructure:
    """Phonon frequencies along lines through the Brillouin zone.

    :param lengths: of the way to each q-point, in 1/Å with the factor of 2π; where two lines do not
        meet, the start of the second is at the end of the first.
    :param frequencies: in THz, imaginary ones negative.
    :param labels: q-point and name of each special point.
    :raises ValueError: if the lengths differ, or a label names no q-point.
    """

    lengths: Float[np.ndarray, ' points']
    frequencies: Float[np.ndarray, 'points branches']
    labels: tuple[tuple[int, str], ...]

    def __post_init__(self) -> None:
        """Check the lengths."""
        if len(self.lengths) != len(self.frequencies):
            raise ValueError(
                f'{len(self.lengths)} q-points have {len(self.frequencies)} rows of frequencies'
            )
        lost = [name for point, name in self.labels if not 0 <= point < len(self.lengths)]
        if lost:
            raise ValueError(f"'{lost[0]}' is none of {len(self.lengths)} q-points")

    @property
    def breaks(self) -> tuple[int, ...]:
        """Q-points that start a line which does not meet the one before."""
        named = {point for point, _ in self.labels}
        return tuple(point for point in sorted(named) if point - 1 in named)

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Place and name of each special point, two names where lines do not meet."""
        found: dict[float, list[str]] = {}
        for point, name in self.labels:
            names = found.setdefault(float(self.lengths[point]), [])
            names += [name] if name not in names else []
        return tuple((place, '|'.join(names)) for place, names in found.items())


@dataclass(frozen=True)
class PhononDos:
    """Density of states of the phonons.

    :param frequencies: in THz, imaginary ones negative.
    :param values: of the primitive cell, in 1/THz.
    :raises ValueError: if the lengths differ.
    """

    frequencies: Float[np.ndarray, ' points']
    values: Float[np.ndarray, ' points']

    def __post_init__(self) -> None:
        """Check the lengths."""
        if len(self.frequencies) != len(self.values):
            raise ValueError(
                f'{len(self.frequencies)} frequencies have {len(self.values)} densities'
            )


@dataclass(frozen=True)
class Phonons:
    """The dynamical stability of a phase.

    :param verdict: 'stable', 'acoustic noise' or 'imaginary'.
    :param smallest_frequency: in THz, imaginary ones negative.
    :param q_point: where it is, in reciprocal lattice vectors.
    :param label: name of that point, empty if it has none.
    :param engine: that gave the forces, as in '7net-0'.
    :param emulated: whether a stand-in gave them.
    :param bands: along the lines between special points, if they are known.
    :param dos: their density of states, if it is known.
    """

    verdict: str
    smallest_frequency: float
    q_point: tuple[float, float, float]
    label: str
    engine: str = ''
    emulated: bool = False
    bands: BandStructure | None = None
    dos: PhononDos | None = None

    @property
    def place(self) -> str:
        """Where the smallest frequency is, as in 'A (0, 0, 0.5)'."""
        point = ', '.join(f'{value:.3f}'.rstrip('0').rstrip('.') for value in self.q_point)
        return f'{self.label} ({point})' if self.label else f'({point})'


@dataclass(frozen=True)
class Elasticity:
    """The mechanical stability of a phase.

    :param stable: whether the elastic constants fulfil Born's conditions.
    :param crystal_class: whose conditions they are, as in 'hexagonal'.
    :param bulk_modulus: mean of Voigt and Reuss, in GPa; None if there is none.
    :param shear_modulus: the same.
    :param young_modulus: in GPa.
    :param poisson_ratio: of an isotropic aggregate.
    :param anisotropy: universal anisotropy index, 0 for an isotropic crystal.
    :param violated: conditions that are not fulfilled, in words.
    :param engine: that gave the stresses, as in '7net-0'.
    :param emulated: whether a stand-in gave them.
    """

    stable: bool
    crystal_class: str
    bulk_modulus: float | None = None
    shear_modulus: float | None = None
    young_modulus: float | None = None
    poisson_ratio: float | None = None
    anisotropy: float | None = None
    violated: tuple[str, ...] = ()
    engine: str = ''
    emulated: bool = False


@dataclass(frozen=True)
class Diffraction:
    """The X-ray powder pattern of a phase.

    :param angles: 2θ of each peak, in degrees.
    :param intensities: in % of the strongest.
    :param indices: Miller indices of the families at each peak, empty where they are not known.
    :param wavelength: of the X-rays in Å, None if it is not known.
    :raises ValueError: if the lengths differ.
    """

    angles: Float[np.ndarray, ' peaks']
    intensities: Float[np.ndarray, ' peaks']
    indices: tuple[str, ...]
    wavelength: float | None = None

    def __post_init__(self) -> None:
        """Check the lengths."""
        if not len(self.angles) == len(self.intensities) == len(self.indices):
            raise ValueError(
                f'{len(self.angles)} angles have {len(self.intensities)} intensities and '
                f'{len(self.indices)} indices'
            )

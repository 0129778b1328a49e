"""Order parameters of coordination motifs, for many sites with equally many neighbours at once.

Each neighbour in turn is put at the north pole and another on the prime meridian. A motif's order
parameter says how well the angles of the others fit, for the best such choice; powers of cosines of
azimuths are Chebyshev polynomials of their cosines, so that no azimuth is ever computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.polynomial.chebyshev import chebval

from aiida_crystalgen.science.metrics.fingerprints.motifs import MOTIFS, STEINHARDT, Bend, Motif

__all__ = ('order_parameters',)

_BLOCK = 1 << 16  # azimuths held at once
_ALIGNED = 1e-12  # sine of an angle below which a neighbour is on the axis


def order_parameters(
    directions: Float[np.ndarray, 'sites neighbors 3'],
) -> Float[np.ndarray, 'sites motifs']:
    """Return the order parameters of all motifs with this number of neighbours.

    They are those of pymatgen's ``LocalStructOrderParams``, but for the body-centred cubic one.
    There, pymatgen takes one of the two orders of each pair of neighbours, so that the result
    depends on how they are listed; here both count half.

    :param directions: unit vectors to the neighbours.
    """
    number = directions.shape[1]
    width = len(MOTIFS.get(number, ())) + len(STEINHARDT.get(number, ()))
    result = np.empty((len(directions), width))
    size = max(1, _BLOCK // number**3)
    for start in range(0, len(directions), size):
        block = slice(start, start + size)
        angles = _Angles.between(directions[block])
        values = [*_motif_values(angles, number), *_steinhardt_values(angles, number)]
        result[block] = np.stack(values, axis=1) if values else 0.0
    return result


@dataclass(frozen=True)
class _Angles:
    """Angles between neighbours: the first index is the north pole, the second the meridian.

    :param cosines: of the angles between neighbours.
    :param angles: between neighbours, in units of π.
    :param distinct: whether they are two, not one.
    :param azimuths: cosines of the azimuths of a third neighbour.
    :param aside: whether pole, meridian and third are three and the meridian is off the axis.
    :param around: whether the third is off the axis as well.
    """

    cosines: Float[np.ndarray, 'sites n n']
    angles: Float[np.ndarray, 'sites n n']
    distinct: Bool[np.ndarray, 'n n']
    azimuths: Float[np.ndarray, 'sites n n n']
    aside: Bool[np.ndarray, 'sites n n n']
    around: Bool[np.ndarray, 'sites n n n']

    @classmethod
    def between(cls, directions: Float[np.ndarray, 'sites n 3']) -> _Angles:
        """Return the angles between unit vectors."""
        one, other = directions[:, :, None], directions[:, None]
        cosines = (one * other).sum(axis=3).clip(-1, 1)
        normals = np.cross(one, other)
        sines = np.sqrt((normals * normals).sum(axis=3))
        same = np.eye(directions.shape[1], dtype=bool)
        off_axis = sines >= _ALIGNED
        inverse = np.divide(1, sines, out=np.zeros_like(sines), where=off_axis)
        azimuths = cosines[:, None] - cosines[:, :, :, None] * cosines[:, :, None]
        azimuths *= inverse[:, :, :, None]
        azimuths *= inverse[:, :, None]
        distinct = ~(same[:, :, None] | same[:, None] | same[None])
        aside = distinct & (off_axis & ~same)[:, :, :, None]
        return cls(
            cosines=cosines,
            angles=np.arccos(cosines) / np.pi,
            distinct=~same,
            azimuths=azimuths.clip(-1, 1, out=azimuths),
            aside=aside,
            around=aside & off_axis[:, :, None],
        )


def _motif_values(angles: _Angles, number: int) -> Iterator[Float[np.ndarray, ' sites']]:
    """Yield the order parameters of the motifs."""
    for motif in MOTIFS.get(number, ()):
        if isinstance(motif, Bend):
            yield _gaussian(angles.angles[:, 0, 1] - motif.angle, motif.sharpness)
        elif isinstance(motif, Motif):
            yield _around_axis(angles, motif)
        elif motif == 'body-centred cubic':
            yield _body_centred(angles)
        elif motif == 'cuboctahedral':
            yield _cuboctahedral(angles)
        else:
            yield np.ones(len(angles.angles))


def _steinhardt_values(angles: _Angles, number: int) -> Iterator[Float[np.ndarray, ' sites']]:
    """Yield the bond-orientational order parameters.

    By the addition theorem of spherical harmonics, the squares are means of Legendre polynomials of
    the cosines. Steinhardt et al., Phys. Rev. B 28, 784 (1983), doi:10.1103/PhysRevB.28.784.
    """
    for degree in STEINHARDT.get(number, ()):
        polynomial = np.polynomial.legendre.Legendre.basis(degree)
        means = polynomial(angles.cosines).mean(axis=(1, 2))
        yield np.sqrt(np.maximum(means, 0.0))


def _gaussian(differences: np.ndarray, sharpness: float) -> np.ndarray:
    """Return the values of a Gaussian of height 1."""
    scaled = sharpness * differences
    return np.exp(-0.5 * scaled * scaled)


def _best(
    sums: Float[np.ndarray, 'sites n n'], weights: Float[np.ndarray, 'sites n n']
) -> Float[np.ndarray, ' sites']:
    """Return the largest mean over poles and meridians, 0 where nothing counts."""
    means = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 1e-12)
    return means.max(axis=(1, 2))


def _around_axis(angles: _Angles, motif: Motif) -> Float[np.ndarray, ' sites']:
    """Return how well the neighbours fit a motif around an axis."""
    nearest = np.min([np.abs(angles.angles - angle) for angle in motif.angles], axis=0)
    fits = _gaussian(nearest, motif.sharpness)
    counts = angles.distinct & np.ones(fits.shape, dtype=bool)
    if motif.south is not None:
        counts &= angles.angles < motif.south
    third = angles.around & counts[:, :, :, None] & counts[:, :, None]
    if motif.azimuth < 1:
        third &= angles.azimuths > np.cos(motif.azimuth * np.pi)
    squares = (1 + chebval(angles.azimuths, np.eye(motif.order + 1)[-1])) / 2
    sums = np.einsum('sjkm,sjm->sjk', np.where(third, squares, 0.0), fits)
    sums += np.where(counts, fits, 0.0)
    weights = third.sum(axis=3) + counts.astype(np.float64)
    if motif.south is not None:
        souths = angles.aside & (angles.angles >= motif.south)[:, :, None]
        fits = _gaussian(angles.angles - 1, motif.south_sharpness)
        sums += np.einsum('sjkm,sjm->sjk', souths.astype(np.float64), fits)
        weights += souths.sum(axis=3)
    return _best(sums, weights)


def _body_centred(angles: _Angles) -> Float[np.ndarray, ' sites']:
    """Return how well eight neighbours fit the corners of a cube."""
    number = angles.angles.shape[1]
    limit, weight = 2.5261129449194057 / np.pi, 6.0
    south = angles.distinct & (angles.angles >= limit)
    result = np.where(south, weight * _gaussian(angles.angles - 1, 15.0), 0.0).sum(axis=(1, 2))
    away = (angles.angles - 0.5) * np.pi / np.arcsin(1 / 3)
    rings = away * np.exp(0.5 - 0.5 * away * away)
    cosines = chebval(angles.azimuths, np.eye(4)[-1])
    sums = np.einsum('sjkm,sjm->sjk', np.where(angles.around, cosines, 0.0), rings)
    signs = np.where(angles.angles > 0.5, 1.0, -1.0)
    result += np.where(south, 0.0, signs * sums).sum(axis=(1, 2))
    # Both orders of each pair were counted.
    return result / (number * (6 + (number - 2) * (number - 3)))


def _cuboctahedral(angles: _Angles) -> Float[np.ndarray, ' sites']:
    """Return how well twelve neighbours fit a cuboctahedron."""
    south, weight = angles.distinct & (angles.angles >= 2.792526803190927 / np.pi), 1.8
    north, upper, lower = angles.angles, 1.3089969389957472 / np.pi, 1.8325957145940461 / np.pi
    equator = angles.distinct & (north > upper) & (north < lower)
    sums = np.where(south, weight * _gaussian(north - 1, 28.75), 0.0)
    weights = np.where(south, weight, 0.0)
    sines = np.sqrt(1 - angles.azimuths**2)
    tilted = _gaussian(sines - 0.81649658, 0.0556)
    # On the equator, above and below it.
    for third, azimuthal, fits in (
        (equator, angles.azimuths**2, _gaussian(north - 0.5, 25.5)),
        (north < upper, tilted, _gaussian(north - 1 / 3, 31.25)),
        ((north > lower) & ~south, tilted, _gaussian(north - 2 / 3, 31.25)),
    ):
        counted = angles.around & equator[:, :, :, None] & third[:, :, None]
        sums += np.einsum('sjkm,sjm->sjk', np.where(counted, azimuthal, 0.0), fits)
        weights += counted.sum(axis=3)
    return _best(sums, weights)

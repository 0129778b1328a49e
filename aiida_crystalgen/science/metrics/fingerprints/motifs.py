"""The coordination motifs of the CrystalNN fingerprint, as angles and widths.

Order parameters of Zimmermann & Jain, RSC Advances 10, 6063 (2020), doi:10.1039/C9RA07755C, with
the numbers of pymatgen's ``op_params.yaml`` and ``cn_opt_params.yaml``. They define the fingerprint
and are not to be tuned. Angles are in units of π.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ('LARGEST_COORDINATION', 'MOTIFS', 'STEINHARDT', 'Bend', 'Motif')

LARGEST_COORDINATION = 24


@dataclass(frozen=True)
class Bend:
    """Two neighbours at an angle.

    :param angle: between them.
    :param sharpness: inverse width of the Gaussian around the angle.
    """

    angle: float
    sharpness: float


@dataclass(frozen=True)
class Motif:
    """Neighbours around an axis, which is the direction to one of them, the north pole.

    :param angles: from the pole, of which the nearest counts.
    :param sharpness: inverse width of the Gaussian around these angles.
    :param order: of the cosine of the azimuth; the square of cos(order φ/2) is taken.
    :param south: angle beyond which a neighbour is at the south pole, if there is one.
    :param south_sharpness: inverse width of the Gaussian around the south pole.
    :param azimuth: largest azimuth that counts.
    """

    angles: tuple[float, ...]
    sharpness: float
    order: int
    south: float | None = None
    south_sharpness: float = 0.0
    azimuth: float = 1.0


_TETRAHEDRAL = 0.6081734479693927
_TRIGONAL = 0.66666666667
_HEXAGONAL = 0.16666667

# By coordination number, in the order of the fingerprint. The body-centred and the cuboctahedral
# motif, which do not follow the pattern, are named.
MOTIFS: dict[int, tuple[Bend | Motif | str, ...]] = {
    1: ('single bond',),
    2: (
        Bend(0.5, 15.15),
        Bend(0.5802777777777778, 13.95),
        Bend(0.666666666667, 13.25),
        Bend(0.833333333333333, 12.45),
        Bend(1.0, 8.667),
    ),
    3: (
        Motif((_TRIGONAL,), 17.5, 2),
        Motif((_TETRAHEDRAL,), 18.33, 3),
        Motif((0.5,), 15.5, 2),
    ),
    4: (
        Motif((0.5,), 17.7, 2, 0.75, 13.5),
        Motif((_TETRAHEDRAL,), 18.5, 3),
        Motif((0.5,), 27.0, 4, 0.75, 11.5, azimuth=0.75),
        Motif((0.5,), 15.75, 3, 0.75, 12.75),
        Motif((0.5,), 15.5, 3),
    ),
    5: (
        Motif((0.4, 0.8), 19.333, 2),
        Motif((0.5,), 14.9, 4),
        Motif((0.5,), 16.6, 3, 0.75, 12.0),
    ),
    6: (
        Motif((0.5 - _HEXAGONAL, 0.5 + _HEXAGONAL), 25.0, 2, 5 / 6, 7.5),
        Motif((0.5,), 18.0, 4, 0.75, 15.0),
        Motif((0.5,), 13.8, 5),
    ),
    7: (Motif((0.5,), 12.5, 6), Motif((0.5,), 14.75, 5, 0.75, 12.5)),
    8: ('body-centred cubic', Motif((0.5,), 13.6, 6, 0.75, 14.1)),
    12: ('cuboctahedral',),
}

# Degrees of the bond-orientational order parameters, which follow the motifs.
STEINHARDT: dict[int, tuple[int, ...]] = dict.fromkeys((9, 10, 11, 12), (2, 4, 6))

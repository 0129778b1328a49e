"""Moduli of a polycrystal of grains in all orientations."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.elasticity.kelvin import to_kelvin

__all__ = ('ElasticModuli', 'elastic_moduli')


class ElasticModuli(Settings):
    """What an isotropic polycrystal of a stable crystal does, in GPa save for pure numbers.

    Voigt's averages are upper bounds, those of Reuss lower ones, and Hill's the means of both:
    Hill, Proc. Phys. Soc. A 65, 349 (1952), doi:10.1088/0370-1298/65/5/307.

    :param bulk_modulus: Hill's.
    :param shear_modulus: Hill's.
    :param young_modulus: of Hill's averages.
    :param poisson_ratio: of Hill's averages.
    :param universal_anisotropy: 0 for an isotropic crystal: Ranganathan and Ostoja-Starzewski,
        Phys. Rev. Lett. 101, 055504 (2008), doi:10.1103/PhysRevLett.101.055504.
    """

    bulk_modulus: float
    bulk_modulus_voigt: float
    bulk_modulus_reuss: float
    shear_modulus: float
    shear_modulus_voigt: float
    shear_modulus_reuss: float
    young_modulus: float
    poisson_ratio: float
    universal_anisotropy: float


def elastic_moduli(stiffness: Float[np.ndarray, '6 6']) -> ElasticModuli:
    """Return the moduli of a polycrystal.

    :param stiffness: in Voigt's notation, in GPa, in any axes.
    :raises ValueError: if the crystal is not stable; there is no such polycrystal then.
    """
    kelvin = to_kelvin(stiffness)
    smallest = float(np.linalg.eigvalsh(kelvin)[0])
    if smallest <= 0:
        raise ValueError(
            f'the smallest eigenvalue of the stiffness is {smallest:.3g} GPa; an unstable crystal '
            'has no moduli'
        )
    bulk_voigt, shear_voigt = _isotropic_part(kelvin)
    bulk_compliance, shear_compliance = _isotropic_part(np.linalg.inv(kelvin))
    bulk_reuss, shear_reuss = 1 / (9 * bulk_compliance), 1 / (4 * shear_compliance)
    bulk, shear = (bulk_voigt + bulk_reuss) / 2, (shear_voigt + shear_reuss) / 2
    return ElasticModuli(
        bulk_modulus=bulk,
        bulk_modulus_voigt=bulk_voigt,
        bulk_modulus_reuss=bulk_reuss,
        shear_modulus=shear,
        shear_modulus_voigt=shear_voigt,
        shear_modulus_reuss=shear_reuss,
        young_modulus=9 * bulk * shear / (3 * bulk + shear),
        poisson_ratio=(3 * bulk - 2 * shear) / (6 * bulk + 2 * shear),
        universal_anisotropy=5 * shear_voigt / shear_reuss + bulk_voigt / bulk_reuss - 6,
    )


def _isotropic_part(tensor: Float[np.ndarray, '6 6']) -> tuple[float, float]:
    """Return K and G of the isotropic tensor 3K J + 2G (1 − J) that is nearest to a tensor.

    J projects onto the strain of the volume; the two invariants are J : C and tr C.

    :param tensor: in Kelvin's notation.
    """
    volume = float(tensor[:3, :3].sum() / 3)
    return volume / 3, (float(np.trace(tensor)) - volume) / 10

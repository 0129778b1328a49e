"""The elastic verdict on a crystal: its stiffness, whether it is stable, and its moduli."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.elasticity.born import (
    Criterion,
    born_criteria,
    crystal_class,
    kelvin_moduli,
)
from aiida_crystalgen.science.stability.elasticity.kelvin import voigt_stress
from aiida_crystalgen.science.stability.elasticity.moduli import ElasticModuli, elastic_moduli
from aiida_crystalgen.science.stability.elasticity.point_group import point_group
from aiida_crystalgen.science.stability.elasticity.settings import ElasticSettings
from aiida_crystalgen.science.stability.elasticity.tensor import fit_stiffness

__all__ = ('ElasticVerdict', 'judge_elasticity')


class ElasticVerdict(Settings):
    """What the stresses of strained crystals say of a crystal.

    Axes are those of the unstrained crystal's lattice vectors. In a standard primitive cell they
    are those of spglib's idealised setting: a along x, b in the plane of x and y. So the main axis
    of tetragonal, trigonal and hexagonal crystals is along z, the unique one of monoclinic along y.

    :param space_group: number.
    :param crystal_class: crystal system, split by Laue groups: 'tetragonal II', …
    :param stiffness: in Voigt's order xx, yy, zz, yz, xz, xy, in GPa, with relaxed ions.
    :param eigenvalues: of the stiffness in Kelvin's notation, in GPa, the smallest first.
    :param stable: whether all eigenvalues are positive, all criteria met, and the stresses linear.
    :param criteria: those of the crystal class, each with its value.
    :param reasons: why it is not stable: each criterion that is not met, with its value.
    :param moduli: of a polycrystal; None for an unstable crystal.
    :param residual_stress: of the unstrained crystal, in Voigt's order, in GPa.
    :param misfit: largest deviation of a stress from the stiffness, over the largest stress.
    :param strained: number of strained crystals whose stresses were used.
    :param failures: why those of others were not, by their row.
    :param engine: that gave the stresses.
    """

    space_group: int
    crystal_class: str
    stiffness: tuple[tuple[float, ...], ...]
    eigenvalues: tuple[float, ...]
    stable: bool
    criteria: tuple[Criterion, ...]
    reasons: tuple[str, ...]
    moduli: ElasticModuli | None
    residual_stress: tuple[float, ...]
    misfit: float
    strained: int
    failures: dict[str, str]
    engine: dict[str, Any]


def judge_elasticity(
    strained: CrystalSet, relaxed: CrystalSet, settings: ElasticSettings
) -> ElasticVerdict:
    """Return the elastic constants of a crystal and whether it is stable.

    :param strained: as `strained_crystals` returns them, for these settings.
    :param relaxed: the same crystals with relaxed ions; the column ``row`` tells which one each is,
        ``stress`` is in GPa, and positive under tension.
    :raises ValueError: if the unstrained crystal has no stress or too much of it, or the others
        have too few stresses to determine all constants.
    """
    failures = _failures(strained, relaxed)
    stresses = np.zeros((len(strained), 3, 3))
    stresses[relaxed['row']] = relaxed['stress']
    _refuse_residual_stress(stresses[0], failures, settings.largest_residual_stress)
    number, rotations = point_group(strained.select([0]), settings.symmetry_tolerance)
    used = np.array([row for row in range(1, len(strained)) if row not in failures], dtype=np.int64)
    try:
        fit = fit_stiffness(strained['strain'][used], stresses[used], stresses[0], rotations)
    except ValueError as exception:
        raise ValueError(f'{exception}: {_list(failures)}') from None
    eigenvalues = kelvin_moduli(fit.stiffness)
    criteria = born_criteria(fit.stiffness, crystal_class(number))
    reasons = _reasons(criteria, fit.misfit, settings.largest_misfit)
    stable = not reasons and bool(eigenvalues[0] > 0)
    return ElasticVerdict(
        space_group=number,
        crystal_class=crystal_class(number),
        stiffness=tuple(tuple(row) for row in fit.stiffness.tolist()),
        eigenvalues=tuple(eigenvalues.tolist()),
        stable=stable,
        criteria=criteria,
        reasons=reasons,
        moduli=elastic_moduli(fit.stiffness) if stable else None,
        residual_stress=tuple(voigt_stress(stresses[0]).tolist()),
        misfit=fit.misfit,
        strained=len(used),
        failures={str(row): reason for row, reason in failures.items()},
        engine=dict(relaxed.metadata['engine']),
    )


def _reasons(criteria: tuple[Criterion, ...], misfit: float, largest: float) -> tuple[str, ...]:
    """Return why a crystal with these criteria and this misfit is not stable."""
    reasons = [one.violation for one in criteria if not one.is_met]
    if misfit > largest:
        reasons.append(
            f'the stresses are not linear in the strain: they deviate by {misfit:.0%} of the '
            'largest, so the ions do not stay in their places'
        )
    return tuple(reasons)


def _failures(strained: CrystalSet, relaxed: CrystalSet) -> dict[int, str]:
    """Return why the stresses of some rows do not count."""
    failures = dict.fromkeys(range(len(strained)), 'the engine returned nothing')
    for position, row in enumerate(relaxed['row'].tolist()):
        if relaxed['rejection'][position]:
            failures[row] = str(relaxed['rejection'][position])
        elif not relaxed['converged'][position]:
            force = relaxed['max_force'][position]
            failures[row] = f'its ions are not relaxed, the largest force is {force:.3g} eV/Å'
        elif not np.isfinite(relaxed['stress'][position]).all():
            failures[row] = 'its stress is not finite'
        else:
            del failures[row]
    return failures


def _list(failures: Mapping[int, str]) -> str:
    """Return the failures as text, by row."""
    return '; '.join(f'row {row}: {reason}' for row, reason in failures.items())


def _refuse_residual_stress(
    stress: Float[np.ndarray, '3 3'], failures: Mapping[int, str], largest: float
) -> None:
    """Raise if the unstrained crystal has no stress, or more than ``largest`` in GPa."""
    if 0 in failures:
        raise ValueError(f'there is no stress of the unstrained crystal: {failures[0]}')
    found = float(np.abs(stress).max())
    if found > largest:
        raise ValueError(
            f'the unstrained crystal is under a stress of {found:.3g} GPa, above the {largest:g} '
            'GPa of largest_residual_stress; relax its cell with the same engine first'
        )

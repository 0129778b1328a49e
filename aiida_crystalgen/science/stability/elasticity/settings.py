"""How elastic constants are measured."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from aiida_crystalgen.science.settings import Settings

__all__ = ('ElasticSettings',)


class ElasticSettings(Settings):
    """How a crystal is strained, and when its stresses count.

    :param magnitudes: of the Green–Lagrange strains, each applied with both signs: of the Voigt
        component, which is η for a normal strain and 2η for a shear.
    :param symmetry_tolerance: of positions, in Å, within which the point group is found.
    :param largest_residual_stress: any component of the stress of the unstrained crystal, in GPa;
        one under more stress has to be relaxed first.
    :param largest_misfit: of any stress to the fitted stiffness, over the largest stress. Beyond it
        the crystal does not answer like a solid: its ions leave their places for others.
    :param engines: by the name of an engine, what differs from its settings while ions relax, which
        they have to do to much smaller forces than it takes to find a minimum.
    """

    magnitudes: tuple[Annotated[float, Field(gt=0, lt=0.2)], ...] = Field(min_length=1)
    symmetry_tolerance: float = Field(gt=0)
    largest_residual_stress: float = Field(gt=0)
    largest_misfit: float = Field(gt=0)
    engines: dict[str, dict[str, Any]]

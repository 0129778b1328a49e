"""How phonons are calculated and judged."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from aiida_crystalgen.science.settings import Settings

__all__ = ('FollowingSettings', 'PhononSettings', 'TemperatureSettings', 'VerdictSettings')


class TemperatureSettings(Settings):
    """Temperatures of the thermal properties, from 0 K on.

    :param highest: at most, in K.
    :param step: from one to the next, in K.
    """

    highest: float = Field(gt=0)
    step: float = Field(gt=0)


class VerdictSettings(Settings):
    """Which frequencies count as imaginary. An imaginary frequency is written as a negative one.

    :param tolerance: a frequency counts as imaginary below its negative, in THz.
    :param acoustic_tolerance: an acoustic frequency near Γ may be as far below zero, in THz, and is
        noise then: of the forces, or of the interpolation between the commensurate points.
    :param acoustic_radius: of what is near Γ, as a wave vector in 1/Å with its factor of 2π.
    """

    tolerance: float = Field(gt=0)
    acoustic_tolerance: float = Field(gt=0)
    acoustic_radius: float = Field(ge=0)

    @model_validator(mode='after')
    def _noise_is_the_larger(self) -> VerdictSettings:
        """Refuse a window of noise that is no window."""
        if self.acoustic_tolerance < self.tolerance:
            raise ValueError(
                f'acoustic_tolerance is {self.acoustic_tolerance:g} THz, less than the tolerance '
                f'of {self.tolerance:g} THz that holds everywhere'
            )
        return self


class FollowingSettings(Settings):
    """How imaginary modes are followed to structures of lower symmetry.

    :param rounds: how often in succession; 0 does not follow any mode.
    :param points: number of q-points whose modes are followed in a round, the softest first. The
        structure of the lowest energy is kept.
    :param amplitude: displacement of the atom that moves most, in Å.
    :param least_gain: by which the energy has to fall for a structure to be kept, in eV/atom.
    :param phonons: whether the structure that is kept gets phonons of its own, without which there
        is no second round.
    """

    rounds: int = Field(ge=0)
    points: int = Field(gt=0)
    amplitude: float = Field(gt=0)
    least_gain: float = Field(ge=0)
    phonons: bool

    @model_validator(mode='after')
    def _later_rounds_need_phonons(self) -> FollowingSettings:
        """Refuse rounds that would have no mode to follow."""
        if self.rounds > 1 and not self.phonons:
            raise ValueError(
                f'rounds is {self.rounds}, but without phonons there is only one; set phonons'
            )
        return self


class PhononSettings(Settings):
    """How phonons are calculated and judged.

    :param symmetry_tolerance: of positions, in Å, within which the space group is found.
    :param minimum_length: between opposite faces of the supercell, and so between an atom and its
        images, in Å at least.
    :param displacement: of one atom at a time, in Å.
    :param path_spacing: of q-points along the path, in 1/Å with the factor of 2π, at most.
    :param mesh_length: in Å, of the mesh around Γ, whose divisions are those nearest to its product
        with the lengths of the reciprocal vectors, without the factor of 2π.
    :param dos_pitch: from one frequency of the density of states to the next, in THz.
    :param temperatures: of the thermal properties.
    :param verdict: which frequencies count as imaginary.
    :param following: of imaginary modes.
    :param engines: by the name of an engine, what differs from its settings for the forces on
        supercells, and for relaxations along modes: both have to be more exact than usual.
    """

    symmetry_tolerance: float = Field(gt=0)
    minimum_length: float = Field(gt=0)
    displacement: float = Field(gt=0)
    path_spacing: float = Field(gt=0)
    mesh_length: float = Field(gt=0)
    dos_pitch: float = Field(gt=0)
    temperatures: TemperatureSettings
    verdict: VerdictSettings
    following: FollowingSettings
    engines: dict[str, dict[str, Any]]

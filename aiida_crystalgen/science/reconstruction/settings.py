"""What can be chosen about reconstruction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aiida_crystalgen.science.settings import Settings

__all__ = ('ReconstructionSettings',)


class ReconstructionSettings(Settings):
    """How crystals are found that have given fingerprints.

    :param trials: number of crystals that are optimised side by side for each target.
    :param draws: number of random crystals for each trial, of which the best one starts.
    :param unsymmetric: share of random crystals without symmetry; all space groups that fit cell
        and composition share the rest evenly.
    :param most_copies: most primitive cells that the cell may hold.
    :param lattice_tolerance: largest relative deviation of a given cell from the demands of a
        crystal system.
    :param packing: smallest and largest share of the cell that atoms of covalent radius fill, where
        neither cell nor volume is given.
    :param hops: number of optimisations of each trial, the first one included.
    :param steps: of Adam in each of them.
    :param race_steps: number of steps after which only the best trials go on.
    :param race_survivors: number of these for each target.
    :param learning_rate: of Adam at first, in Å; a cell changes by this over its mean edge.
    :param final_rate: share of the learning rate at the end of each optimisation.
    :param hop: largest displacement along each axis between optimisations, in Å.
    :param swaps: share of the trials in which two orbits of different elements are swapped before
        they are displaced.
    :param temperature: increase of the loss, relative to it, that is accepted after a hop with a
        probability of 1/e; 0 accepts none.
    :param restarts: share of the trials, those with the highest losses, that are replaced by new
        random crystals before each hop.
    :param loss: of a standardised difference: its size, its square, or the size that becomes a
        square below 1.
    :param scale_floor: where no scales are given, a feature is divided by its median deviation of
        random crystals from the target, but at least by this share of the largest one.
    :param overlap: distance in sums of covalent radii below which two atoms repel each other.
    :param overlap_weight: of this penalty at first; it falls to zero within each optimisation.
    :param polish_below: loss of its best trial at which the descent for a target is cut short.
    :param stop_below: loss after polishing at which the search for a target ends.
    :param valid_below: largest loss of a valid representation.
    :param polish: number of L-BFGS steps that the best crystal of each target is given after each
        descent, if it is better than all before.
    """

    trials: int = Field(gt=0)
    draws: int = Field(gt=0)
    unsymmetric: float = Field(ge=0, le=1)
    most_copies: int = Field(gt=0)
    lattice_tolerance: float = Field(gt=0, lt=0.1)
    packing: tuple[float, float]
    hops: int = Field(gt=0)
    steps: int = Field(gt=0)
    race_steps: int = Field(gt=0)
    race_survivors: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    final_rate: float = Field(gt=0, le=1)
    hop: float = Field(ge=0)
    swaps: float = Field(ge=0, le=1)
    temperature: float = Field(ge=0)
    restarts: float = Field(ge=0, le=1)
    loss: Literal['absolute', 'smooth', 'squared']
    scale_floor: float = Field(gt=0, le=1)
    overlap: float = Field(ge=0)
    overlap_weight: float = Field(ge=0)
    polish_below: float = Field(gt=0)
    stop_below: float = Field(gt=0)
    valid_below: float = Field(gt=0)
    polish: int = Field(ge=0)

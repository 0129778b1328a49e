"""How crystals are relaxed, and which results count as crystals."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aiida_crystalgen.science.settings import Settings

__all__ = ('BfgsSettings', 'FireSettings', 'FrameSettings', 'PhysicalLimits', 'RelaxSettings')


class BfgsSettings(Settings):
    """Steps of the quasi-Newton minimiser.

    :param curvature: second derivative of the energy that is assumed at first, in eV/Å².
    :param strain_length: by which the strain times √(number of atoms) counts as a move, in Å.
    :param longest_move: of an atom or a row of the strain in one step, in Å.
    """

    curvature: float = Field(gt=0)
    strain_length: float = Field(gt=0)
    longest_move: float = Field(gt=0)


class FireSettings(Settings):
    """Steps of the minimiser FIRE, in units in which every degree of freedom has unit mass.

    :param time_step: at the start, in Å/√eV.
    :param longest_time_step: that it may grow to, in Å/√eV.
    :param longest_move: norm of the displacement of all atoms and lattice vectors together, in Å.
    """

    time_step: float = Field(gt=0)
    longest_time_step: float = Field(gt=0)
    longest_move: float = Field(gt=0)


class FrameSettings(Settings):
    """Which crystals on the way of a relaxation are kept, energies being spread evenly.

    :param largest_number: of frames of one crystal; the last one is always kept, and of two or more
        also the first one within the window.
    :param spacing: of the energies of neighbouring frames, at least, in eV/atom.
    :param window: above the lowest energy, in eV/atom; what lies higher is left out.
    """

    largest_number: int = Field(gt=0)
    spacing: float = Field(ge=0)
    window: float = Field(gt=0)


class PhysicalLimits(Settings):
    """What a relaxed crystal must be like; outside, potentials extrapolate and may have holes.

    :param shortest_bond: smallest distance of two atoms over the sum of their covalent radii.
    :param smallest_volume: of a cell, over that of spheres with the covalent radii of its atoms. A
        crystal that shrinks below it is stopped, because its neighbours grow without limit.
    :param largest_expansion: of a cell, as a ratio of volumes, or of the ball that a cluster
        occupies. What grows beyond it flies apart and is stopped.
    :param largest_drop: of the energy below the median of the crystals with the same composition,
        in eV/atom.
    """

    shortest_bond: float = Field(gt=0)
    smallest_volume: float = Field(ge=0)
    largest_expansion: float = Field(gt=1)
    largest_drop: float = Field(gt=0)


class RelaxSettings(Settings):
    """How crystals are relaxed.

    :param freedom: what may move: the ``cell`` and the ions in it, the ``ions``, or ``none``, which
        evaluates the crystals as they are; then all of finite energy count as converged. The box
        of a cluster never moves.
    :param pressure: hydrostatic, in GPa; of no effect in a fixed cell or on clusters.
    :param fmax: a crystal is converged below it, in eV/Å: the norm of the force on each atom, and
        of each row of the force on the strain divided by the number of atoms. ASE's definition.
    :param steps: largest number of moves of a crystal.
    :param batch_atoms: number of atoms that are evaluated at once, at most.
    :param processes: number of processes that share the crystals, of one thread each.
    :param save_every: number of crystals whose results are waited for before they are saved.
    :param minimizer: FIRE goes the way of ASE's; BFGS needs a third of its steps, and ends in
        another minimum now and then.
    :param fire: steps of FIRE.
    :param bfgs: steps of BFGS.
    :param limits: what a relaxed crystal must be like.
    :param frames: which crystals on the way are kept; none of them if None.
    """

    freedom: Literal['cell', 'ions', 'none']
    pressure: float
    fmax: float = Field(gt=0)
    steps: int = Field(ge=0)
    batch_atoms: int = Field(gt=0)
    processes: int = Field(gt=0)
    save_every: int = Field(gt=0)
    minimizer: Literal['fire', 'bfgs']
    fire: FireSettings
    bfgs: BfgsSettings
    limits: PhysicalLimits
    frames: FrameSettings | None = None

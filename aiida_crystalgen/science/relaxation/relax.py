"""The relaxation of a set of crystals, from its settings to its assembled results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from ase.units import GPa
from jaxtyping import Float, Int

from aiida_crystalgen.science.clusters import occupied_volumes
from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.potentials.interface import Potential
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.relaxation.frames import Relaxation, relaxations_in_flight
from aiida_crystalgen.science.relaxation.processes import relax_in_processes
from aiida_crystalgen.science.relaxation.rejection import unphysical_reasons
from aiida_crystalgen.science.relaxation.settings import RelaxSettings

__all__ = ('Save', 'SaveFrames', 'relax', 'relax_with_frames')

Save = Callable[[Int[np.ndarray, ' finished'], CrystalSet], None]
SaveFrames = Callable[[Int[np.ndarray, ' finished'], Relaxation], None]


def relax(
    crystals: CrystalSet,
    potential: Potential,
    settings: RelaxSettings,
    *,
    progress: Progress = silent,
    save: Save | None = None,
    finished: CrystalSet | None = None,
) -> CrystalSet:
    """Return the relaxed crystals in the order of the given ones.

    Columns of the given crystals are kept. Added or replaced are ``energy`` (NaN if it is not
    finite; under pressure, which the engine then names, the enthalpy E + pV), ``initial_energy``
    (of the given crystal), ``converged``, ``steps`` (moves taken), ``max_force`` (see ``fmax``),
    ``pressure`` and ``stress`` (of the crystal itself, dE/dε / V, so that a compressed crystal has
    a negative trace; clusters have neither), ``rejection`` (why the result is unphysical, empty if
    it is not), and of the atoms ``forces``.

    :param progress: told the number of finished crystals.
    :param save: called every ``settings.save_every`` finished crystals with the rows of all that
        are finished, in increasing order, and these crystals as they would be returned.
    :param finished: what ``save`` was called with before the same relaxation was cut short, with
        the rows as column ``row``. They are returned as they are, and only the others are relaxed.
    :raises ValueError: if there are no crystals, or the potential does not know an element.
    """
    return relax_with_frames(
        crystals,
        potential,
        settings,
        progress=progress,
        save=None if save is None else lambda rows, so_far: save(rows, so_far.relaxed),
        finished=None if finished is None else Relaxation(finished),
    ).relaxed


def relax_with_frames(
    crystals: CrystalSet,
    potential: Potential,
    settings: RelaxSettings,
    *,
    progress: Progress = silent,
    save: SaveFrames | None = None,
    finished: Relaxation | None = None,
) -> Relaxation:
    """Return what `relax` does, with the crystals on the way that ``settings.frames`` asks for.

    Energies of frames are those of relaxed crystals, enthalpies under pressure. Whether a frame is
    physical is not looked at.

    :param finished: with the frames of its crystals; those of others are left out.
    :raises ValueError: as `relax` does.
    """
    if len(crystals) == 0:
        raise ValueError('there are no crystals to relax')
    rest = np.arange(len(crystals))
    if finished is not None:
        rest = np.setdiff1d(rest, finished.relaxed['row'])
    results = _Results(crystals, potential, settings, finished)
    saved = results.number
    progress(results.number, len(crystals))
    if len(rest):
        with single_threaded():
            for part in _finished(crystals.select(rest), potential, settings):
                results.add(part.with_rows(rest))
                progress(results.number, len(crystals))
                if save is not None and results.number - saved >= settings.save_every:
                    save(*results.assemble())
                    saved = results.number
    return results.assemble()[1]


def _finished(
    crystals: CrystalSet, potential: Potential, settings: RelaxSettings
) -> Iterator[Relaxation]:
    """Return the crystals as they finish, from this process or several."""
    processes = min(settings.processes, len(crystals))
    if processes > 1:
        return relax_in_processes(crystals, potential.name, settings, processes)
    return relaxations_in_flight(crystals, potential, settings)


class _Results:
    """The crystals that are finished, from now and from before the relaxation was cut short."""

    def __init__(
        self,
        crystals: CrystalSet,
        potential: Potential,
        settings: RelaxSettings,
        earlier: Relaxation | None,
    ) -> None:
        self._crystals = crystals
        self._potential = potential
        self._settings = settings
        self._earlier = earlier
        self._parts: list[Relaxation] = []
        self.number = 0 if earlier is None else len(earlier.relaxed)

    def add(self, part: Relaxation) -> None:
        """Take in crystals that have just finished."""
        self._parts.append(part)
        self.number += len(part.relaxed)

    def assemble(self) -> tuple[Int[np.ndarray, ' finished'], Relaxation]:
        """Return the rows that are finished, and their crystals with all columns."""
        parts = [part.relaxed for part in self._parts]
        sets = [self._with_all_columns(concatenate(parts))] if parts else []
        if self._earlier is not None:
            sets.append(self._earlier.relaxed)
        together = concatenate(sets)
        together = together.select(np.argsort(together['row']))
        return together['row'], Relaxation(self._with_given_row(together), self._frames())

    def _frames(self) -> CrystalSet | None:
        """Return the frames of the crystals that are finished, if they are kept."""
        sets = [self._marked(one.frames) for one in self._parts if one.frames is not None]
        if self._earlier is not None and self._earlier.frames is not None:
            frames = self._earlier.frames
            known = np.isin(frames['trajectory'], self._earlier.relaxed['row'])
            sets.append(frames.select(known))
        if not sets:
            return None
        together = concatenate(sets)
        return together.select(np.lexsort((together['step'], together['trajectory'])))

    def _with_all_columns(self, finished: CrystalSet) -> CrystalSet:
        """Return crystals with the columns of the given ones, and why they are unphysical."""
        start = self._crystals.select(finished['row'])
        reasons = unphysical_reasons(finished, occupied_volumes(start), self._settings.limits)
        columns = {**start.columns, **finished.columns, 'rejection': Column(reasons)}
        atom_columns = {**start.atom_columns, **finished.atom_columns}
        return self._marked(replace(finished, columns=columns, atom_columns=atom_columns))

    def _marked(self, crystals: CrystalSet) -> CrystalSet:
        """Return crystals with enthalpies in place of energies, and with the engine of both."""
        energies = Column(crystals['energy'] + self._work(crystals), 'eV/atom')
        pressure = {'pressure': self._pressure} if self._pressure else {}
        marked = crystals.with_columns(energy=energies)
        return marked.with_metadata(engine={**self._potential.engine, **pressure})

    @property
    def _pressure(self) -> float:
        """The pressure that has an effect, in GPa."""
        deformable = self._crystals.periodic and self._settings.freedom == 'cell'
        return self._settings.pressure if deformable else 0.0

    def _work(self, crystals: CrystalSet) -> Float[np.ndarray, ' crystals']:
        """Return what makes enthalpies of energies, in eV/atom."""
        return self._pressure * GPa * crystals.volumes / crystals.counts

    def _with_given_row(self, together: CrystalSet) -> CrystalSet:
        """Return the crystals with the column ``row`` that they were given with, if any."""
        columns = {name: one for name, one in together.columns.items() if name != 'row'}
        if 'row' in self._crystals:
            columns['row'] = self._crystals.select(together['row']).columns['row']
        return replace(together, columns=columns)

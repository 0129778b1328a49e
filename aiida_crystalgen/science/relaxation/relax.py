"""The relaxation of a set of crystals, from its settings to its assembled results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int

from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.potentials.interface import Potential
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.relaxation.flight import relax_in_flight
from aiida_crystalgen.science.relaxation.processes import relax_in_processes
from aiida_crystalgen.science.relaxation.rejection import unphysical_reasons
from aiida_crystalgen.science.relaxation.settings import RelaxSettings

__all__ = ('Save', 'relax')

Save = Callable[[Int[np.ndarray, ' finished'], CrystalSet], None]


def relax(
    crystals: CrystalSet,
    potential: Potential,
    settings: RelaxSettings,
    *,
    progress: Progress = silent,
    save: Save | None = None,
) -> CrystalSet:
    """Return the relaxed crystals in the order of the given ones.

    Columns of the given crystals are kept. Added or replaced are ``energy`` (NaN if it is not
    finite), ``converged``, ``steps`` (moves taken), ``max_force`` (see ``fmax``), ``pressure`` and
    ``stress`` (of the crystal itself, dE/dε / V, so that a compressed crystal has a negative
    trace), ``rejection`` (why the result is unphysical, empty if it is not), and of the atoms
    ``forces``.

    :param progress: told the number of finished crystals.
    :param save: called every ``settings.save_every`` finished crystals with the rows of all that
        are finished, in increasing order, and these crystals as they would be returned.
    :raises ValueError: if there are no crystals, or the potential does not know an element.
    """
    if len(crystals) == 0:
        raise ValueError('there are no crystals to relax')
    parts: list[CrystalSet] = []
    done = saved = 0
    progress(0, len(crystals))
    with single_threaded():
        for part in _finished(crystals, potential, settings):
            parts.append(part)
            done += len(part)
            progress(done, len(crystals))
            if save is not None and done - saved >= settings.save_every:
                save(*_assemble(crystals, parts, potential, settings))
                saved = done
    return _assemble(crystals, parts, potential, settings)[1]


def _finished(
    crystals: CrystalSet, potential: Potential, settings: RelaxSettings
) -> Iterator[CrystalSet]:
    """Return the crystals as they finish, from this process or several."""
    processes = min(settings.processes, len(crystals))
    if processes > 1:
        return relax_in_processes(crystals, potential.name, settings, processes)
    return relax_in_flight(crystals, potential, settings)


def _assemble(
    crystals: CrystalSet, parts: Sequence[CrystalSet], potential: Potential, settings: RelaxSettings
) -> tuple[Int[np.ndarray, ' finished'], CrystalSet]:
    """Return the rows that are finished, and their crystals with all columns."""
    finished = concatenate(parts)
    finished = finished.select(np.argsort(finished['row']))
    rows = finished['row']
    start = crystals.select(rows)
    columns = {name: column for name, column in finished.columns.items() if name != 'row'}
    reasons = unphysical_reasons(finished, start.volumes, settings.limits)
    columns['rejection'] = Column(reasons)
    result = replace(
        finished,
        columns={**start.columns, **columns},
        atom_columns={**start.atom_columns, **finished.atom_columns},
    )
    return rows, result.with_metadata(engine=dict(potential.engine))

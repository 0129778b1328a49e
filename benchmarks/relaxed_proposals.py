"""Proposals of the shipped score model and their relaxation by a potential, kept for a later run.

Both take long. They lie in a folder for temporary files under names that all goes into that they
depend on but the code, a relaxation with what of it is done so far: a measurement that is cut short
goes on from there when it is asked for again.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.generators.interface import Request

__all__ = ('POTENTIAL', 'crystals_of_table', 'proposed', 'relaxed')

POTENTIAL = '7net-0'

_FOLDER = Path(tempfile.gettempdir()) / 'crystalgen-relaxed-proposals'


def crystals_of_table(table: pd.DataFrame) -> CrystalSet:
    """Return the crystals of a table with cells, fractional coordinates and atomic numbers."""
    import numpy as np
    from ase.geometry import cellpar_to_cell

    from aiida_crystalgen.science.crystals import Column, CrystalSet

    cells = table[['a', 'b', 'c', 'alpha', 'beta', 'gamma']].to_numpy(float)
    return CrystalSet(
        lattices=np.array([cellpar_to_cell(one) for one in cells]),
        fractional_coordinates=np.concatenate([np.reshape(one, (-1, 3)) for one in table['frac']]),
        atomic_numbers=np.concatenate([np.asarray(one, dtype=int) for one in table['numbers']]),
        counts=table['numbers'].map(len).to_numpy(),
        columns={'label': Column(table['id'].to_numpy().astype(str))},
    )


def proposed(request: Request, seed: int) -> CrystalSet:
    """Return what the shipped model proposes for a request, without what it rejects."""
    from aiida_crystalgen.remote.files import read_crystals
    from aiida_crystalgen.science.checkpoint import write_checkpoint
    from aiida_crystalgen.science.generators.score_langevin import ScoreLangevin
    from aiida_crystalgen.science.generators.score_langevin.shipped import shipped_checkpoint

    checkpoint = shipped_checkpoint()
    asked = request.model_dump_json().encode()
    path = _path('proposed', write_checkpoint(checkpoint), asked, str(seed).encode())
    if not path.exists():
        generator = ScoreLangevin()
        _keep(generator.propose(checkpoint, request, seed=seed, progress=_print_progress), path)
    proposals = read_crystals(path)
    return proposals.select(proposals['rejection'] == '')


def relaxed(crystals: CrystalSet, **changes: Any) -> CrystalSet:
    """Return the crystals relaxed by the potential, all of them in one batch.

    :param changes: of the settings of the protocol.
    """
    import numpy as np

    from aiida_crystalgen.remote.files import read_crystals
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.relaxation import RelaxSettings, relax
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    inputs = protocol_inputs('relax', 'balanced', changes)
    del inputs['potential']
    settings, potential = RelaxSettings.parse(inputs), load_potential(POTENTIAL)
    geometry = (crystals.lattices, crystals.fractional_coordinates, crystals.atomic_numbers)
    path = _path(
        'relaxed',
        *(one.tobytes() for one in (*geometry, crystals.counts)),
        settings.model_dump_json().encode(),
        repr(potential.engine).encode(),
    )
    result = relax(
        crystals,
        potential,
        settings,
        progress=_print_progress,
        save=lambda rows, finished: _keep(finished.with_columns(row=rows), path),
        finished=read_crystals(path) if path.exists() else None,
    )
    _keep(result.with_columns(row=np.arange(len(result))), path)
    return result


def _path(purpose: str, *parts: bytes) -> Path:
    """Return where results are kept that depend on these parts."""
    _FOLDER.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return _FOLDER / f'{purpose}-{digest.hexdigest()[:16]}.npz'


def _keep(crystals: CrystalSet, path: Path) -> None:
    """Write crystals to a file that is there as a whole or not at all."""
    from aiida_crystalgen.remote.files import replace_file, write_crystals

    replace_file(path, lambda unfinished: write_crystals(crystals, unfinished))


def _print_progress(done: int, total: int, message: str = '') -> None:
    """Show how far a proposal or a relaxation is."""
    end = '\n' if done == total else ''
    print(f'\r    {done} of {total} {message}', end=end, file=sys.stderr, flush=True)

"""Crystals of the Materials Project of up to 20 atoms, as the shipped network of sites sees them.

Every crystal is a template. The parts are those of the training, which had none of the compositions
of the test crystals.
"""

from __future__ import annotations

import hashlib
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.claims import Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.generators.site_network.inputs import SiteInputs
    from aiida_crystalgen.science.generators.site_network.templates import Templates

__all__ = ('MOST_ASSIGNMENTS', 'KnownCrystals', 'known_crystals', 'missing')

MOST_ASSIGNMENTS = 5000  # of one template

_DATA = Path(__file__).parents[2] / 'shared' / 'data' / 'mp_le20.parquet'
_LENIENCY = 3.0  # chosen on validation crystals


class KnownCrystals(NamedTuple):
    """The data set, with what the shipped model says of its sites."""

    crystals: CrystalSet
    inputs: SiteInputs
    parts: np.ndarray
    templates: Templates
    softmax: np.ndarray


def _read(path: Path) -> CrystalSet:
    """Return the crystals of a table with cells, fractional coordinates and atomic numbers."""
    import numpy as np
    import pandas as pd
    from ase.geometry import cellpar_to_cell

    from aiida_crystalgen.science.crystals import Column, CrystalSet

    table = pd.read_parquet(path)
    cells = table[['a', 'b', 'c', 'alpha', 'beta', 'gamma']].to_numpy(float)
    return CrystalSet(
        lattices=np.array([cellpar_to_cell(one) for one in cells]),
        fractional_coordinates=np.concatenate([np.reshape(one, (-1, 3)) for one in table['frac']]),
        atomic_numbers=np.concatenate([np.asarray(one, dtype=int) for one in table['numbers']]),
        counts=table['numbers'].map(len).to_numpy(),
        columns={'label': Column(table['id'].to_numpy().astype(str))},
    )


@lru_cache(maxsize=1)
def known_crystals() -> KnownCrystals | None:
    """Return the data set as the shipped model sees it; None if it is not at hand.

    Looking at all sites takes a quarter of an hour, so that the result is kept in the folder for
    temporary files.
    """
    import numpy as np

    from aiida_crystalgen.science.checkpoint import write_checkpoint
    from aiida_crystalgen.science.generators.site_network.inputs import look_at
    from aiida_crystalgen.science.generators.site_network.model import SiteModel, log_likelihoods
    from aiida_crystalgen.science.generators.site_network.shipped import shipped_checkpoint
    from aiida_crystalgen.science.generators.site_network.templates import Templates
    from aiida_crystalgen.science.generators.splitting import parts_of_crystals

    if not _DATA.exists():
        return None
    checkpoint = shipped_checkpoint()
    model = SiteModel.from_checkpoint(checkpoint)
    crystals = _read(_DATA)
    inputs = look_at(crystals, model.settings.symmetry_tolerance)
    name = hashlib.sha256(write_checkpoint(checkpoint)).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f'crystalgen-site-network-{name}.npz'
    if not path.exists():
        outputs = model.outputs(inputs)
        np.savez(path, log_odds=outputs.log_odds, softmax=outputs.softmax.argmax(axis=1))
    stored = np.load(path)
    table = Templates.of(inputs.sites, log_likelihoods(stored['log_odds'], _LENIENCY))
    settings, seed = model.settings, checkpoint.summary['seed']
    parts = parts_of_crystals(crystals, settings.validation, settings.test, seed)
    return KnownCrystals(crystals, inputs, parts, table, stored['softmax'])


def missing() -> Measurement:
    """Return that the data are not at hand."""
    return Measurement(None, None, None, None, f'{_DATA.name} is not at hand')

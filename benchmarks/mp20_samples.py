"""Crystals that the shipped score model makes for what is known of the test crystals of MP-20.

MP-20 is the set of CDVAE (Xie et al., ICLR 2022, arXiv:2110.06197). Of its 9046 test crystals the
7342 of ``../shared/data/mp20_native_part.parquet`` are at hand. The model has seen none of their
compositions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.generators.interface import Request
    from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
    from aiida_crystalgen.science.symmetric_crystals import SiteTemplates

__all__ = (
    'SYMMETRY_TOLERANCE',
    'drawn_templates',
    'formula_request',
    'missing',
    'sampled',
    'shipped_model',
    'sites_request',
    'test_crystals',
)

SYMMETRY_TOLERANCE = 0.01  # Å, by which space groups of test crystals are given

_DATA = Path(__file__).parents[2] / 'shared' / 'data' / 'mp20_native_part.parquet'
_PROTOCOL = 'balanced'


def test_crystals() -> CrystalSet | None:
    """Return the test crystals; None if they are not at hand."""
    if not _DATA.exists():
        return None
    import numpy as np
    import pandas as pd
    from ase.geometry import cellpar_to_cell

    from aiida_crystalgen.science.crystals import CrystalSet

    table = pd.read_parquet(_DATA)
    table = table[table['split'] == 'test']
    cells = table[['a', 'b', 'c', 'alpha', 'beta', 'gamma']].to_numpy(float)
    return CrystalSet(
        lattices=np.array([cellpar_to_cell(one) for one in cells]),
        fractional_coordinates=np.concatenate([np.reshape(one, (-1, 3)) for one in table['frac']]),
        atomic_numbers=np.concatenate([np.asarray(one, dtype=int) for one in table['numbers']]),
        counts=table['numbers'].map(len).to_numpy(),
    )


def missing() -> Measurement:
    """Return that the data are not at hand."""
    return Measurement(None, None, None, None, f'{_DATA.name} is not at hand')


@lru_cache(maxsize=1)
def shipped_model() -> ScoreModel:
    """Return the model that comes with the package."""
    from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
    from aiida_crystalgen.science.generators.score_langevin.shipped import shipped_checkpoint

    return ScoreModel.from_checkpoint(shipped_checkpoint())


def formula_request(templates: SiteTemplates, row: int) -> Request:
    """Return the request for what a crystal's primitive cell holds, in its space group."""
    own = templates.select([row])
    atoms: dict[str, int] = {}
    for symbol, many in zip(_symbols(own), own.multiplicities.tolist(), strict=True):
        atoms[symbol] = atoms.get(symbol, 0) + many
    formula = ''.join(f'{symbol}{many}' for symbol, many in atoms.items())
    return _request(formula, list(atoms), int(own.space_groups[0]))


def sites_request(templates: SiteTemplates, row: int) -> tuple[Request, dict[str, int]]:
    """Return the request for a crystal's elements in its space group, and the sites of each.

    Of one element the formula is asked for, as this is no chemical system.
    """
    symbols = _symbols(templates.select([row]))
    sites = {symbol: symbols.count(symbol) for symbol in symbols}
    if len(sites) == 1:
        return formula_request(templates, row), {}
    return _request('-'.join(sites), list(sites), int(templates.space_groups[row])), sites


def _symbols(templates: SiteTemplates) -> list[str]:
    """Return the element of each site."""
    from ase.data import chemical_symbols

    return [chemical_symbols[number] for number in templates.atomic_numbers]


def _request(composition: str, symbols: Sequence[str], space_group: int) -> Request:
    """Return a request in one space group, of which templates need no more than this."""
    from aiida_crystalgen.science.generators.interface import Request

    pairs = combinations_with_replacement(symbols, 2)
    return Request(
        composition=composition,
        formula_units=(1,),
        cell='primitive',
        candidates=1,
        space_groups=(space_group,),
        volume_per_atom=None,
        volume_tolerance=0,
        distances={'-'.join(pair): 0.5 for pair in pairs},
        attempts=1,
    )


def drawn_templates(request: Request, many: int, seed: int, **changes: Any) -> SiteTemplates:
    """Return so many templates for a request, the likeliest first.

    :param changes: of the settings of the protocol.
    """
    import numpy as np

    from aiida_crystalgen.science.site_templates import TemplateSettings, draw_templates

    chosen = {**_proposing()['templates'], 'likely_first': True, **changes}
    return draw_templates(
        request,
        shipped_model().distribution,
        np.arange(many),
        settings=TemplateSettings.parse(chosen),
        seed=seed,
    )


def sampled(templates: Sequence[SiteTemplates], seed: int) -> tuple[CrystalSet, np.ndarray]:
    """Return a crystal for each template, all of them made together, and which are usable."""
    import numpy as np

    from aiida_crystalgen.science.generators.score_langevin.sampling import (
        SamplingSettings,
        sample_crystals,
    )
    from aiida_crystalgen.science.symmetric_crystals import SiteTemplates

    names = ('space_groups', 'orbit_counts', 'atomic_numbers', 'letters')
    together = SiteTemplates(
        *(np.concatenate([getattr(one, name) for one in templates]) for name in names)
    )
    samples = sample_crystals(
        shipped_model(),
        together,
        np.arange(len(together)),
        SamplingSettings.parse(_proposing()['sampling']),
        seed=seed,
    )
    crystals = samples.crystals.to_crystals()
    asked = crystals.with_columns(requested_space_group=together.space_groups)
    return asked, ~samples.collapsed


def _proposing() -> dict[str, Any]:
    """Return the numbers of the protocol."""
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    return protocol_inputs('propose/score_langevin', _PROTOCOL)

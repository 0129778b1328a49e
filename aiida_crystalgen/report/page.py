"""The report of a search as one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from aiida_crystalgen.report import figures
from aiida_crystalgen.report.contents import Phase, SearchReport
from aiida_crystalgen.report.drawing import viewer_data
from aiida_crystalgen.science.structures import to_structure

__all__ = ('render', 'write')

_SCRIPTS = ('geometry.js', 'viewer.js', 'table.js')
_COMPARISONS = 6
"""Number of phases whose radial distributions fit on one figure."""


def render(report: SearchReport) -> str:
    """Return the page, which loads nothing from anywhere; the same report gives the same text."""
    environment = Environment(
        loader=PackageLoader('aiida_crystalgen.report'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        'number': _number,
        'count': _count,
        'cif': _cif_address,
        'cell': _cell_parameters,
        'symbol': _symbol,
    }
    script = '\n'.join(_template_text(name) for name in _SCRIPTS)
    return environment.get_template('page.html').render(
        report=report,
        figures=_figures(report),
        comparisons=_COMPARISONS,
        style=Markup(_template_text('page.css')),  # noqa: S704, our own file
        script=Markup(script),  # noqa: S704, our own files
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        structures=_json(viewer_data(report.phases)),
    )


def write(report: SearchReport, path: Path) -> None:
    """Write the page, making the folder it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(report), encoding='utf-8')


def _figures(report: SearchReport) -> dict[str, Markup]:
    """Return the figures that there are data for."""
    drawn: dict[str, str] = {}
    if report.stages:
        drawn['stages'] = figures.yield_funnel(report.stages)
    if report.references is not None or report.groups:
        drawn['energies'] = figures.energy_levels(report.references, report.groups)
    if report.rdfs:
        drawn['rdfs'] = figures.rdf_comparisons(report.rdfs[:_COMPARISONS])
    if report.training is not None:
        drawn['training'] = figures.loss_curves(report.training)
    if report.latent is not None:
        drawn['latent'] = figures.latent_map(report.latent)
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704, escaped when drawn


def _template_text(name: str) -> str:
    """Return a file of the page's own style or script."""
    return files('aiida_crystalgen.report').joinpath('templates', name).read_text('utf-8').strip()


def _json(value: Mapping[str, Any]) -> Markup:
    """Return JSON that no text in it can end the script element around."""
    text = json.dumps(value, ensure_ascii=True, separators=(',', ':'), allow_nan=False)
    return Markup(text.replace('<', '\\u003c'))  # noqa: S704, escaped in this line


def _number(value: float | None, digits: int) -> str:
    """Return the number with a true minus sign, a dash if there is none."""
    if value is None or math.isnan(value):
        return '–'
    text = f'{value:.{digits}f}'
    return text.removeprefix('-') if float(text) == 0 else text.replace('-', '−')


def _count(value: int) -> str:
    """Return the count with thin spaces between thousands."""
    return f'{value:,}'.replace(',', '\u202f')


def _cif_address(phase: Phase) -> str:
    """Return the crystal as a CIF file in a data address."""
    text = str(to_structure(phase.crystal, 0).to(fmt='cif'))
    return f'data:chemical/x-cif;base64,{base64.b64encode(text.encode()).decode()}'


def _cell_parameters(phase: Phase) -> dict[str, str]:
    """Return the lengths and angles of the cell as text."""
    lattice = to_structure(phase.crystal, 0).lattice
    return {
        'a, b, c': ', '.join(f'{length:.3f}' for length in lattice.abc) + ' Å',
        'α, β, γ': ', '.join(f'{angle:.2f}' for angle in lattice.angles) + '°',
    }


def _symbol(hermann_mauguin: str) -> Markup:
    """Return a space group's symbol with bars over rotoinversions and screw axes as subscripts."""
    text = re.sub(r'_(\d)', r'<sub>\1</sub>', str(escape(hermann_mauguin)))
    barred = re.sub(r'-(\d)', r'<span class="bar"><span class="unseen">-</span>\1</span>', text)
    return Markup(barred)  # noqa: S704, escaped above

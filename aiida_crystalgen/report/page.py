"""The reports of searches and of proposals, each as one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from aiida_crystalgen.report import campaign_figures, figures
from aiida_crystalgen.report.contents import ProposalReport, SearchReport
from aiida_crystalgen.report.drawing import page_data
from aiida_crystalgen.report.generation_figures import denoising_strip, space_group_bars
from aiida_crystalgen.report.hull import hull_plot
from aiida_crystalgen.report.ranking import CompoundRanking
from aiida_crystalgen.report.ranking_figures import ranking_figures
from aiida_crystalgen.report.target_figures import target_comparison

__all__ = ('render', 'render_proposals', 'write')

_SCRIPTS = ('data.js', 'geometry.js', 'viewer.js', 'charts.js', 'panel.js', 'table.js')
_COMPARISONS = 6
"""Number of phases whose radial distributions fit on one figure."""
_RANKED_FORMULAS = 50
"""Number of rows of the table of a ranking."""


def render(report: SearchReport) -> str:
    """Return the page, which loads nothing from anywhere; the same report gives the same text."""
    script = '\n'.join(_template_text(name) for name in _SCRIPTS)
    return (
        _environment()
        .get_template('page.html')
        .render(
            report=report,
            figures=_figures(report),
            comparisons=_COMPARISONS,
            ranked_formulas=_RANKED_FORMULAS,
            has_hull=report.hull is not None or (report.periodic and _elements(report) > 1),
            things='crystals' if report.periodic else 'clusters',
            generators=list(dict.fromkeys(name for one in report.rounds for name in one.yields)),
            round_stages=_stages(one.yields for one in report.rounds),
            compared_stages=_compared_stages(report),
            style=Markup(_template_text('page.css')),  # noqa: S704, our own file
            script=Markup(script),  # noqa: S704, our own files
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            structures=_json(page_data(report.phases)),
        )
    )


def render_proposals(report: ProposalReport) -> str:
    """Return the page of proposals, which needs no script; the same report gives the same text."""
    return (
        _environment()
        .get_template('proposals.html')
        .render(
            report=report,
            figures=_marked(
                {
                    **_ranking_figures([] if report.ranking is None else [report.ranking]),
                    **_generation_figures(report),
                    **_loss_figures(report),
                }
            ),
            ranked_formulas=_RANKED_FORMULAS,
            style=Markup(_template_text('page.css')),  # noqa: S704, our own file
        )
    )


def write(report: SearchReport | ProposalReport, path: Path) -> None:
    """Write the page, making the folder it lies in."""
    page = render(report) if isinstance(report, SearchReport) else render_proposals(report)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding='utf-8')


def _environment() -> Environment:
    """Return the templates with the filters that they use."""
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
        'significant': _significant,
        'symbol': _symbol,
    }
    return environment


def _figures(report: SearchReport) -> dict[str, Markup]:
    """Return the figures that there are data for."""
    return _marked(
        {
            **_energy_figures(report),
            **_model_figures(report),
            **_round_figures(report),
            **_ranking_figures(report.rankings),
            **_generation_figures(report),
        }
    )


def _marked(drawn: Mapping[str, str]) -> dict[str, Markup]:
    """Return figures as what need not be escaped."""
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704, escaped when drawn


def _energy_figures(report: SearchReport) -> dict[str, str]:
    """Return the figures of energies and yields of the whole search."""
    drawn = {}
    if report.stages:
        drawn['stages'] = figures.yield_funnel(report.stages)
    if report.references is not None or report.groups:
        drawn['energies'] = figures.energy_levels(report.references, report.groups)
    if report.hull is not None:
        drawn['hull'] = hull_plot(report.hull)
    return drawn


def _model_figures(report: SearchReport) -> dict[str, str]:
    """Return the figures of the model, and of what it made."""
    drawn = _loss_figures(report)
    if report.latent is not None:
        drawn['latent'] = figures.latent_map(report.latent)
    if report.rdfs:
        drawn['rdfs'] = figures.rdf_comparisons(report.rdfs[:_COMPARISONS])
    for one in report.targets:
        drawn[f'target_{one.name}'] = target_comparison(one)
    return drawn


def _loss_figures(report: SearchReport | ProposalReport) -> dict[str, str]:
    """Return the figure of the training, if there was one."""
    return {} if report.training is None else {'training': figures.loss_curves(report.training)}


def _generation_figures(report: SearchReport | ProposalReport) -> dict[str, str]:
    """Return the figures of how proposals came about."""
    drawn = {
        f'space_groups_{number}': space_group_bars(counts, f'figure-space-groups-{number}')
        for number, counts in enumerate(report.space_groups, start=1)
    }
    if report.film is not None:
        drawn['film'] = denoising_strip(report.film, 'figure-film')
    return drawn


def _round_figures(report: SearchReport) -> dict[str, str]:
    """Return the figures of several rounds."""
    drawn = {}
    if len(report.rounds) > 1:
        drawn['round_yields'] = campaign_figures.round_yields(report.rounds)
        if campaign_figures.has_energies(report.rounds):
            drawn['progress'] = campaign_figures.energy_progress(report.rounds)
    return drawn


def _ranking_figures(rankings: Sequence[CompoundRanking]) -> dict[str, str]:
    """Return the figures of all rankings."""
    return {
        f'ranking_{number}_{name}': svg
        for number, ranking in enumerate(rankings, start=1)
        for name, svg in ranking_figures(ranking, number).items()
    }


def _elements(report: SearchReport) -> int:
    """Return the number of elements of all phases."""
    return len({number for one in report.phases for number in one.crystal.atomic_numbers.tolist()})


def _stages(yields: Iterable[Mapping[str, Mapping[str, int]]]) -> list[str]:
    """Return the names of all stages in their order."""
    return list(
        dict.fromkeys(stage for one in yields for counts in one.values() for stage in counts)
    )


def _compared_stages(report: SearchReport) -> list[str]:
    """Return the names of the stages of two searches that are compared."""
    if report.comparison is None:
        return []
    return _stages((report.comparison.first.yields, report.comparison.second.yields))


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


def _significant(value: float) -> str:
    """Return the number with three significant digits."""
    return f'{value:.3g}'.replace('-', '−')


def _count(value: int) -> str:
    """Return the count with thin spaces between thousands."""
    return f'{value:,}'.replace(',', '\u202f')


def _symbol(hermann_mauguin: str) -> Markup:
    """Return a space group's symbol with bars over rotoinversions and screw axes as subscripts."""
    text = re.sub(r'_(\d)', r'<sub>\1</sub>', str(escape(hermann_mauguin)))
    barred = re.sub(r'-(\d)', r'<span class="bar"><span class="unseen">-</span>\1</span>', text)
    return Markup(barred)  # noqa: S704, escaped above

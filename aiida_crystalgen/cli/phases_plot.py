"""``aiida-crystalgen phases plot``: a picture of one phase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiida_crystalgen.cli.profile import with_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from aiida_crystalgen.queries.phases import PhaseRow
    from aiida_crystalgen.report.measurements import Phonons

__all__ = ('plot',)

_SUFFIXES = ('.png', '.svg')


@click.command('plot')
@click.argument('phase')
@click.option('--search', help='PK, start of the UUID, or label of their search.')
@click.option(
    '--what',
    type=click.Choice(['bands', 'dos', 'xrd', 'structure', 'hull']),
    default='structure',
    show_default=True,
    help='Phonon bands, their density of states, X-ray pattern, crystal, or hull with the phase.',
)
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help='A file .png or .svg.',
)
@with_profile
def plot(phase: str, search: str | None, what: str, output: Path) -> None:
    """Draw PHASE: its structure, phonons, X-ray pattern, or place on the convex hull.

    \b
    Example:
      aiida-crystalgen phases plot P3 --what bands -o bands.png
      aiida-crystalgen phases plot P1 --search 1512 --what hull -o hull.svg
    """
    if output.suffix.lower() not in _SUFFIXES:
        raise ValueError(f'{output} is neither a file .png nor a file .svg; name one of these')
    from aiida_crystalgen.queries.phases import find_phase

    row = find_phase(phase, search)
    draw, size = _PICTURES[what](row)
    from aiida_crystalgen.report.plots import save_picture

    mark = 'EMULATED — ' if row.is_emulated else ''
    title = f'{mark}{row.label}, {row.formula}, {row.symmetry}'
    save_picture(output, draw, size=size, title=title)
    click.echo(f'Written to {output}')


def _bands(row: PhaseRow) -> tuple[Callable[[Figure], object], tuple[float, float]]:
    """Return how bands are drawn, and how large."""
    from aiida_crystalgen.report.plots import draw_bands

    phonons = _phonons(row)
    return lambda figure: draw_bands(figure, phonons), (7.0, 4.4)


def _dos(row: PhaseRow) -> tuple[Callable[[Figure], object], tuple[float, float]]:
    """Return how a density of states is drawn, and how large."""
    from aiida_crystalgen.report.plots import draw_dos

    phonons = _phonons(row)
    return lambda figure: draw_dos(figure, phonons), (7.0, 3.6)


def _phonons(row: PhaseRow) -> Phonons:
    """Return the phonons of a phase.

    :raises ValueError: if there are none.
    """
    from aiida_crystalgen.queries.phase_figures import phase_phonons

    if not row.periodic:
        raise ValueError(f'{row.label} is a cluster, and clusters have no phonon bands')
    phonons = phase_phonons([row]).get(row.pk)
    if phonons is None:
        raise ValueError(
            f'no phonons of {row.label} of search {row.search_pk} were measured; a search measures '
            'those of the phases that it verifies'
        )
    return phonons


def _diffraction(row: PhaseRow) -> tuple[Callable[[Figure], object], tuple[float, float]]:
    """Return how an X-ray pattern is drawn, and how large."""
    from aiida_crystalgen.queries.phase_figures import phase_diffraction
    from aiida_crystalgen.report.plots import draw_diffraction

    if not row.periodic:
        raise ValueError(f'{row.label} is a cluster, whose powder has no X-ray peaks')
    pattern = phase_diffraction([row]).get(row.pk)
    if pattern is None:
        raise ValueError(
            f'{row.label} of search {row.search_pk} has no X-ray pattern; a search calculates '
            'those of the phases that it verifies'
        )
    return lambda figure: draw_diffraction(figure, pattern), (7.0, 3.8)


def _structure(row: PhaseRow) -> tuple[Callable[[Figure], object], tuple[float, float]]:
    """Return how a crystal is drawn, and how large."""
    from aiida_crystalgen.queries.phases import phase_crystals
    from aiida_crystalgen.report.structure_plot import draw_structure

    crystal = phase_crystals([row])
    return lambda figure: draw_structure(figure, crystal), (5.0, 5.0)


def _hull(row: PhaseRow) -> tuple[Callable[[Figure], object], tuple[float, float]]:
    """Return how the hull of the search of a phase is drawn, and how large."""
    from aiida_crystalgen.queries.phase_figures import phase_hull
    from aiida_crystalgen.queries.phases import phases
    from aiida_crystalgen.report.hull import draw_hull

    if not row.periodic:
        raise ValueError(f'{row.label} is a cluster, and clusters have no hull')
    diagram = phase_hull(phases(search=row.search_pk).rows)
    if diagram is None:
        raise ValueError(
            f'search {row.search_pk} has no hull that can be drawn: it needs phases of two or '
            'three elements, and a known crystal of each element with an energy by their engine'
        )
    return lambda figure: draw_hull(figure, diagram, (row.label,)), (7.0, 4.8)


_PICTURES = {
    'bands': _bands,
    'dos': _dos,
    'xrd': _diffraction,
    'structure': _structure,
    'hull': _hull,
}

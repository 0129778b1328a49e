"""Pictures of phases from the command line."""

import pytest
from click.testing import CliRunner

from aiida_crystalgen import queries
from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.queries import phase_figures
from aiida_crystalgen.report.measurements import Phonons


@pytest.fixture
def run(finished_search):
    """Return a function that plots the lowest phase with these options."""

    def invoke(*arguments):
        words = ['phases', 'plot', 'P1', *(str(one) for one in arguments)]
        return CliRunner().invoke(crystalgen, words)

    return invoke


@pytest.mark.parametrize('name', ['phase.png', 'phase.svg', 'PHASE.PNG'])
def test_structure_is_drawn_if_nothing_else_is_asked_for(run, tmp_path, name):
    """The file is where it was asked for."""
    result = run('-o', tmp_path / name)
    assert result.exit_code == 0, result.output
    assert (tmp_path / name).stat().st_size > 5000


def test_the_picture_names_its_phase(run, tmp_path):
    """The heading has label, formula and space group."""
    run('-o', tmp_path / 'phase.svg')
    row = queries.phases()[0]
    expected = f'{row.label}, {row.formula}, {row.space_group_symbol} ({row.space_group})'
    assert expected in (tmp_path / 'phase.svg').read_text()


@pytest.mark.parametrize(
    ('what', 'words'),
    [
        ('bands', 'no phonons of P1'),
        ('dos', 'no phonons of P1'),
        ('xrd', 'has no X-ray pattern'),
        ('hull', 'it needs phases of two or three elements'),
    ],
)
def test_what_was_not_measured_is_said(run, tmp_path, what, words):
    """A search without verification gives a sentence, and no file."""
    result = run('--what', what, '-o', tmp_path / 'phase.png')
    assert result.exit_code != 0
    assert words in result.output
    assert not list(tmp_path.iterdir())


def test_unknown_suffix_is_refused_before_anything_is_read(run, tmp_path):
    """The sentence says which files there can be."""
    result = run('-o', tmp_path / 'phase.pdf')
    assert result.exit_code != 0
    assert 'neither a file .png nor a file .svg' in result.output


def test_phonons_without_curves_are_refused(run, tmp_path, monkeypatch):
    """A verdict that came without its calculation cannot be drawn."""
    phonons = Phonons('stable', 0.1, (0.0, 0.0, 0.0), 'Γ')
    monkeypatch.setattr(phase_figures, 'phase_phonons', lambda rows: {rows[0].pk: phonons})
    result = run('--what', 'bands', '-o', tmp_path / 'phase.png')
    assert result.exit_code != 0
    assert 'not stored' in result.output

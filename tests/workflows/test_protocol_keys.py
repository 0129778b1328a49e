"""What protocols say about their keys."""

from pathlib import Path

import pytest

import aiida_crystalgen.workflows
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.protocol_keys import protocol_keys

FOLDER = Path(aiida_crystalgen.workflows.__file__).parent / 'protocols'
NAMES = sorted(str(path.relative_to(FOLDER).with_suffix('')) for path in FOLDER.rglob('*.yaml'))


def all_keys(name):
    """Return every key of a protocol by its path."""
    return {key.path: key for top in protocol_keys(name) for key in top.all_keys()}


@pytest.mark.parametrize('name', NAMES)
def test_every_key_is_described(name):
    """No key of a protocol stands without a word about what it is."""
    assert [path for path, key in all_keys(name).items() if not key.description] == []


@pytest.mark.parametrize('name', NAMES)
def test_keys_are_those_of_the_file(name):
    """Every key has the value that the protocol gives it where nothing changes it."""
    inputs = protocol_inputs(name, 'balanced')
    assert [key.name for key in protocol_keys(name)] == list(inputs)


@pytest.mark.parametrize(
    ('name', 'path', 'words'),
    [
        ('relax', 'fmax', 'eV/Å'),
        ('search', 'volume.per_atom', 'Å³'),
        ('search', 'screening.within', 'Lee & Chang 2021'),
        ('search', 'phases.symmetry_tolerance', 'a few hundredths of an eV/Å'),
        ('elastic', 'magnitudes', 'Green–Lagrange'),
        ('phonon', 'verdict.tolerance', 'THz'),
        ('relax_vasp', 'incar.lreal', 'tag of VASP'),
    ],
)
def test_units_sources_and_continued_comments_are_kept(name, path, words):
    """What stands above, beside and below a key in the file is part of its description."""
    assert words in all_keys(name)[path].description

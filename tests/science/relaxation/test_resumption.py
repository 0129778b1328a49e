"""A relaxation that was cut short goes on from the rows that were saved."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.relaxation import relax


class WallTimeError(Exception):
    """Raised in place of the end of a wall time."""


@pytest.fixture
def cut_short():
    """Return a function that relaxes until the save of this number, and gives what was saved."""

    def run(number, *arguments, **options):
        saved = []

        def save(rows, finished):
            saved.append(finished.with_columns(row=rows))
            if len(saved) == number:
                raise WallTimeError

        with pytest.raises(WallTimeError):
            relax(*arguments, save=save, **options)
        return saved[-1]

    return run


def assert_identical(ours: CrystalSet, theirs: CrystalSet) -> None:
    """Assert that two sets agree in every bit, and in the names of their columns."""
    for name in ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts'):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    for part in ('columns', 'atom_columns'):
        assert set(getattr(ours, part)) == set(getattr(theirs, part))
        for name, column in getattr(theirs, part).items():
            np.testing.assert_array_equal(getattr(ours, part)[name].values, column.values)
    assert ours.metadata == theirs.metadata


@pytest.mark.parametrize(('cuts', 'processes'), [((1,), 1), ((2, 1), 1), ((1,), 2)])
def test_interruptions_make_no_difference(
    make_settings, random_silicon, silicon, cut_short, cuts, processes
):
    """However often it is cut short, the result is that of an undisturbed relaxation."""
    crystals = random_silicon(8).with_columns(row=np.arange(8) + 40)
    settings = make_settings(batch_atoms=8, save_every=2, processes=processes)
    finished = None
    for number in cuts:
        finished = cut_short(number, crystals, silicon, settings, finished=finished)
    assert 0 < len(finished) < 8
    resumed = relax(crystals, silicon, settings, finished=finished)
    assert_identical(resumed, relax(crystals, silicon, settings))


def test_nothing_is_left_to_do(make_settings, random_silicon, silicon):
    """If all rows had been saved, they are returned without a step."""
    crystals, told = random_silicon(4), []
    whole = relax(crystals, silicon, make_settings())
    again = relax(
        crystals,
        silicon,
        make_settings(),
        finished=whole.with_columns(row=np.arange(4)),
        progress=lambda done, total, message='': told.append(done),
    )
    assert_identical(again, whole)
    assert told == [4]

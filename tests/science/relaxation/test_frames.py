"""Laws of the crystals on the way of a relaxation."""

from dataclasses import replace

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.relaxation import (
    FrameSettings,
    Relaxation,
    relax,
    relax_with_frames,
    training_frames,
)
from aiida_crystalgen.science.relaxation.frames import choose_frames

ALL = {'largest_number': 1000, 'spacing': 0.0, 'window': 1e6}
SOME = {'largest_number': 5, 'spacing': 0.05, 'window': 3.0}


class WallTimeError(Exception):
    """Raised in place of the end of a wall time."""


@pytest.fixture
def keep(make_settings, random_silicon, silicon):
    """Return a function that relaxes random silicon and keeps frames."""

    def run(number=6, frames=SOME, **changes):
        settings = make_settings(frames=frames, **changes)
        return relax_with_frames(random_silicon(number), silicon, settings)

    return run


def geometry(crystals: CrystalSet) -> list[np.ndarray]:
    """Return what one crystal is, with its energy."""
    return [crystals.lattices, crystals.fractional_coordinates, crystals['energy']]


def assert_identical(ours: CrystalSet, theirs: CrystalSet) -> None:
    """Assert that two sets of frames agree in every bit."""
    for name in ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts'):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert list(ours.columns) == list(theirs.columns)
    for name in ours.columns:
        np.testing.assert_array_equal(ours[name], theirs[name])
    forces = (one.atom_columns['forces'].values for one in (ours, theirs))
    np.testing.assert_array_equal(*forces)
    assert ours.metadata == theirs.metadata


@pytest.mark.parametrize('processes', [1, 2])
@pytest.mark.parametrize('frames', [ALL, SOME])
def test_the_last_frame_is_the_relaxed_crystal(keep, frames, processes):
    """Each trajectory ends with the crystal that is returned, bit for bit."""
    relaxed, found = keep(frames=frames, processes=processes)
    for row in range(6):
        last = found.select(np.flatnonzero(found['trajectory'] == row)[-1:])
        assert last['step'][0] == relaxed['steps'][row]
        for ours, theirs in zip(geometry(last), geometry(relaxed.select([row])), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_the_first_frame_is_the_given_crystal(keep, random_silicon):
    """Each trajectory begins where the crystal was, if that is not too high."""
    start, (_, found) = random_silicon(6), keep()
    for row in range(6):
        first = found.select(np.flatnonzero(found['trajectory'] == row)[:1])
        assert first['step'][0] == 0
        np.testing.assert_allclose(first.lattices, start.select([row]).lattices, atol=1e-14)


def test_every_step_can_be_kept(keep):
    """Without limits a trajectory has one frame for each step, the first and the last included."""
    relaxed, found = keep(frames=ALL)
    for row in range(6):
        steps = found['step'][found['trajectory'] == row]
        np.testing.assert_array_equal(steps, np.arange(relaxed['steps'][row] + 1))


def test_energies_of_frames_are_those_of_single_points(keep, silicon):
    """What a frame says of itself is what the potential says of its crystal."""
    found = keep().frames
    again = silicon.evaluate(found.without_columns())
    np.testing.assert_allclose(found['energy'], again.energies / found.counts, atol=1e-10)
    np.testing.assert_allclose(found.atom_columns['forces'].values, again.forces, atol=1e-9)
    np.testing.assert_allclose(found['stress'], again.stresses * 160.21766, atol=1e-4)


def test_frames_cost_the_relaxation_nothing(keep, make_settings, random_silicon, silicon):
    """The relaxed crystals are the same with frames and without."""
    kept, plain = keep().relaxed, relax(random_silicon(6), silicon, make_settings())
    for name in plain.columns:
        np.testing.assert_array_equal(kept[name], plain[name])
    assert keep(frames=None).frames is None


def test_processes_and_batches_make_no_difference(keep):
    """The frames are the same bits however the work is shared."""
    whole = keep(7).frames
    assert_identical(keep(7, processes=2).frames, whole)
    assert_identical(keep(7, batch_atoms=1).frames, whole)


def test_frames_under_pressure_have_enthalpies(keep):
    """The energies of frames can be compared with those of the relaxed crystals."""
    relaxed, found = keep(pressure=5.0)
    last = np.append(np.flatnonzero(np.diff(found['trajectory'])), len(found) - 1)
    np.testing.assert_array_equal(found['energy'][last], relaxed['energy'])
    assert found.metadata['engine'] == relaxed.metadata['engine']


def test_single_points_have_one_frame(keep):
    """Where nothing moves, the only frame is the crystal."""
    relaxed, found = keep(freedom='none')
    np.testing.assert_array_equal(found['trajectory'], np.arange(6))
    np.testing.assert_array_equal(found['energy'], relaxed['energy'])


@pytest.mark.parametrize('cuts', [(1,), (2, 1)])
@pytest.mark.parametrize('processes', [1, 2])
def test_interruptions_make_no_difference(make_settings, random_silicon, silicon, cuts, processes):
    """However often it is cut short, the frames are those of an undisturbed relaxation."""
    crystals, finished = random_silicon(8), None
    settings = make_settings(frames=SOME, batch_atoms=8, save_every=2, processes=processes)
    for number in cuts:
        saved = []

        def save(rows, so_far, saved=saved, number=number):
            saved.append(so_far._replace(relaxed=so_far.relaxed.with_columns(row=rows)))
            if len(saved) == number:
                raise WallTimeError

        with pytest.raises(WallTimeError):
            relax_with_frames(crystals, silicon, settings, save=save, finished=finished)
        finished = saved[-1]
    resumed = relax_with_frames(crystals, silicon, settings, finished=finished)
    assert_identical(resumed.frames, relax_with_frames(crystals, silicon, settings).frames)


def test_frames_of_unfinished_crystals_are_left_out(keep, make_settings, random_silicon, silicon):
    """Frames that were saved just before their crystal do not come twice."""
    whole = keep()
    finished = Relaxation(whole.relaxed.with_columns(row=np.arange(6)).select([1, 4]), whole.frames)
    settings = make_settings(frames=SOME)
    resumed = relax_with_frames(random_silicon(6), silicon, settings, finished=finished)
    assert_identical(resumed.frames, whole.frames)


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('number', [1, 2, 3, 7])
def test_choices_obey_their_settings(seed, number):
    """At most so many, in order, with both ends, none too high, none without energy."""
    energies = np.random.default_rng(seed).normal(size=40).cumsum()
    energies[[3, 17]] = np.nan
    settings = FrameSettings(largest_number=number, spacing=0.0, window=2.5)
    chosen = choose_frames(energies, settings)
    inside = np.flatnonzero(energies <= np.nanmin(energies) + 2.5)
    assert 1 <= len(chosen) <= number
    assert set(chosen) <= set(inside)
    assert (np.diff(chosen) > 0).all()
    assert chosen[-1] == inside[-1]
    assert number == 1 or chosen[0] == inside[0]


def test_energies_are_spread_evenly():
    """Of a steep descent and a long end the steps are kept whose energies are equally far apart."""
    energies = 4 * np.exp(-np.arange(200) / 20)
    settings = FrameSettings(largest_number=9, spacing=0.0, window=10.0)
    gaps = -np.diff(energies[choose_frames(energies, settings)])
    np.testing.assert_allclose(gaps, 0.5, atol=0.2)


@pytest.mark.parametrize(('spacing', 'number'), [(0.0, 10), (0.25, 5), (0.5, 3), (2.0, 2)])
def test_near_copies_are_not_kept(spacing, number):
    """Where energies differ little, fewer frames are kept, the ends always."""
    settings = FrameSettings(largest_number=10, spacing=spacing, window=10.0)
    assert len(choose_frames(np.linspace(1, 0, 101), settings)) == number


def test_a_way_without_energies_has_no_frames():
    """No frame has an energy that is not a number."""
    settings = FrameSettings(**SOME)
    assert len(choose_frames(np.full(3, np.nan), settings)) == 0


def test_training_frames_are_labelled_and_within_the_window(keep, make_settings, random_silicon):
    """Labels are unique, energies finite, and none is too far above the lowest of all."""
    relaxation = keep(12, frames=ALL)
    start, limits = random_silicon(12), make_settings().limits
    relaxation = relaxation._replace(relaxed=relaxation.relaxed.with_columns(row=np.arange(12)))
    training = training_frames(start, relaxation, limits, 0.5)
    energies = relaxation.frames['energy']
    assert len(set(training['label'])) == len(training)
    assert training['energy'].max() <= energies.min() + 0.5
    source = training.metadata['source']
    assert len(training) == (energies <= energies.min() + 0.5).sum() - source['unphysical_frames']
    assert source['frames_above_window'] > 0


@pytest.fixture
def holed(keep):
    """Return a relaxation whose crystal 2 ended in a hole of the potential."""
    relaxed, frames = keep(8, frames=SOME)
    reasons = np.where(np.arange(8) == 2, 'energy −99.00 eV/atom', '')
    columns = {'row': np.arange(8), 'rejection': reasons}
    return Relaxation(relaxed.with_columns(**columns), frames)


def test_ways_to_unphysical_crystals_are_left_out(holed, make_settings, random_silicon):
    """Nothing is learned from a crystal that fell into a hole, nor from the way into it."""
    training = training_frames(random_silicon(8), holed, make_settings().limits, 3.0)
    assert 2 not in training['trajectory']
    assert training.metadata['source']['unphysical_trajectories'] == 1


def test_a_dip_on_the_way_is_left_out(holed, make_settings, random_silicon):
    """A frame far below what crystals of the composition have is unphysical, wherever it ends."""
    energies = holed.frames['energy'].copy()
    dip = np.flatnonzero(holed.frames['trajectory'] == 5)[0]
    energies[dip] -= 50.0
    column = replace(holed.frames.columns['energy'], values=energies)
    dipped = holed._replace(frames=holed.frames.with_columns(energy=column))
    training = training_frames(random_silicon(8), dipped, make_settings().limits, 3.0)
    assert training['energy'].min() > -10
    assert training.metadata['source']['unphysical_frames'] == 1


def test_overlapping_atoms_are_no_frame(holed, make_settings, random_silicon):
    """A frame whose atoms overlap is left out, whatever its energy."""
    limits = make_settings().limits.model_copy(update={'shortest_bond': 0.95})
    few = training_frames(random_silicon(8), holed, limits, 3.0)
    many = training_frames(random_silicon(8), holed, make_settings().limits, 3.0)
    assert set(few['label']) < set(many['label'])


def test_nothing_to_learn_from_is_told(holed, make_settings, random_silicon):
    """If all crystals ended unphysical, the message says so."""
    relaxed = holed.relaxed.with_columns(rejection=np.full(8, 'too small'))
    with pytest.raises(ValueError, match='8 of 8 crystals ended unphysical'):
        training_frames(
            random_silicon(8), holed._replace(relaxed=relaxed), make_settings().limits, 3.0
        )


@pytest.mark.parametrize(('key', 'value'), [('largest_number', 0), ('spacing', -1), ('window', 0)])
def test_impossible_frames_are_named(key, value, make_settings):
    """The message names the key and the value."""
    with pytest.raises(ValueError, match=f"'frames.{key}' is {value!r}"):
        make_settings(frames={**SOME, key: value})


def test_sets_of_frames_can_be_joined(keep):
    """Frames of two relaxations with one potential make one training set with one engine."""
    first, second = keep(3).frames, keep(5).frames
    assert concatenate([first, second]).metadata['engine'] == first.metadata['engine']

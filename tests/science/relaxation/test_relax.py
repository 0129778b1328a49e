"""Laws of the relaxation of a set."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE

from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.engines import engine_differences
from aiida_crystalgen.science.potentials.interface import Evaluation, load_potential
from aiida_crystalgen.science.relaxation import relax
from aiida_crystalgen.science.structures import to_structures
from aiida_crystalgen.science.symmetry.analysis import space_groups


def assert_same(first, second):
    """Assert that two results are the same, bit for bit."""
    np.testing.assert_array_equal(first.lattices, second.lattices)
    np.testing.assert_array_equal(first.fractional_coordinates, second.fractional_coordinates)
    assert list(first.columns) == list(second.columns)
    for name in first.columns:
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize('minimizer', ['fire', 'bfgs'])
def test_silicon_becomes_diamond(minimizer, make_settings, silicon, to_crystals):
    """Strained and displaced, it finds back to 5.431 Å and −4.3366 eV/atom."""
    start = bulk('Si', a=5.1)
    start.set_cell(start.cell @ (np.eye(3) + 0.05 * np.arange(9).reshape(3, 3) / 9), True)
    start.rattle(0.1, seed=1)
    result = relax(to_crystals(start), silicon, make_settings(minimizer=minimizer, fmax=1e-4))
    assert result['converged'].all()
    assert np.cbrt(4 * result.volumes[0]) == pytest.approx(5.431, abs=1e-3)
    assert result['energy'][0] == pytest.approx(-4.3366, abs=1e-4)
    assert space_groups(result, 1e-2) == [227]


def test_fire_follows_the_path_of_ase(make_settings, random_silicon, silicon):
    """Steps, energies and volumes are those of ASE's FIRE, but for rotations of its cells."""
    crystals = random_silicon(6)
    result = relax(crystals, silicon, make_settings(minimizer='fire', fmax=0.05))
    for row, structure in enumerate(to_structures(crystals)):
        atoms = structure.to_ase_atoms()
        atoms.calc = silicon._calculator
        minimizer = FIRE(FrechetCellFilter(atoms), logfile=None)
        with single_threaded():  # several threads slow ASE's products of small matrices down
            minimizer.run(fmax=0.05, steps=300)
        assert result['steps'][row] == pytest.approx(minimizer.nsteps, rel=0.1)
        energy = atoms.get_potential_energy() / len(atoms)
        assert result['energy'][row] == pytest.approx(energy, abs=4e-3)
        assert result.volumes[row] == pytest.approx(atoms.get_volume(), rel=0.02)


@pytest.mark.parametrize('minimizer', ['fire', 'bfgs'])
def test_batches_make_no_difference(minimizer, make_settings, random_silicon, silicon):
    """A crystal ends the same, bit for bit, whatever flies beside it."""
    crystals = random_silicon(8)
    whole = relax(crystals, silicon, make_settings(minimizer=minimizer))
    settings = make_settings(minimizer=minimizer, batch_atoms=1)
    assert_same(relax(crystals, silicon, settings), whole)
    assert_same(
        relax(crystals.select([7, 2]), silicon, make_settings(minimizer=minimizer)),
        whole.select([7, 2]),
    )


def test_the_orientation_makes_no_difference(make_settings, random_silicon, silicon):
    """A rotated crystal relaxes to the same energy, in as many steps."""
    crystals = random_silicon(6)
    angle = 0.7
    rotation = np.array(
        [[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    turned = replace(crystals, lattices=crystals.lattices @ rotation)
    first, second = (relax(one, silicon, make_settings()) for one in (crystals, turned))
    np.testing.assert_allclose(first['energy'], second['energy'], atol=1e-3)


def test_symmetry_is_kept(make_settings, silicon, to_crystals):
    """A crystal that starts with a space group still has it."""
    tin = bulk('Si', 'bct', a=4.9, c=2.5, basis=[[0, 0, 0], [0.25, 0.75, 0.5]])
    start = to_crystals(tin)
    result = relax(start, silicon, make_settings())
    assert result['steps'][0] > 3
    assert space_groups(result, 1e-4) == space_groups(start, 1e-4)


def test_a_pressure_is_taken_up(make_settings, to_crystals):
    """Copper under 10 GPa has a pressure of 10 GPa, and is stiffer than its bulk modulus says."""
    copper = to_crystals(bulk('Cu', a=3.7).repeat((2, 1, 1)))
    potential = load_potential('emt')
    settings = {'fmax': 1e-4}
    free = relax(copper, potential, make_settings(**settings))
    pressed = relax(copper, potential, make_settings(pressure=10.0, **settings))
    assert free['pressure'][0] == pytest.approx(0, abs=0.01)
    assert pressed['pressure'][0] == pytest.approx(10, abs=0.01)
    assert 0.92 < pressed.volumes[0] / free.volumes[0] < 1 - 10 / 200


def test_the_enthalpy_rises_with_the_pressure_by_the_volume(make_settings, to_crystals):
    """dH/dp = V, and the engine names the pressure, so that enthalpies of two never meet."""
    copper, potential = to_crystals(bulk('Cu')), load_potential('emt')
    low, middle, high = (
        relax(copper, potential, make_settings(pressure=pressure, fmax=1e-5))
        for pressure in (9.9, 10.0, 10.1)
    )
    slope = (high['energy'][0] - low['energy'][0]) / (0.2 / 160.21766)
    assert slope == pytest.approx(middle.volumes[0], rel=1e-4)
    assert engine_differences(low.metadata['engine'], high.metadata['engine']) == ['pressure']


def test_a_fixed_cell_stays(make_settings, random_silicon, silicon):
    """Without cell only the atoms move, until the forces on them are small."""
    crystals = random_silicon(4, amplitude=0.1)
    result = relax(crystals, silicon, make_settings(freedom='ions', pressure=5.0))
    np.testing.assert_allclose(result.lattices, crystals.lattices, atol=1e-12)
    forces = silicon.evaluate(result).forces
    assert np.sqrt((forces**2).sum(axis=1)).max() < 0.01
    assert np.abs(result.fractional_coordinates - crystals.fractional_coordinates).max() > 0.01


def test_results_describe_the_crystals_returned(make_settings, random_silicon, silicon):
    """Energy, pressure and convergence are those of the crystals in the result."""
    result = relax(random_silicon(5), silicon, make_settings())
    again = silicon.evaluate(result)
    np.testing.assert_allclose(result['energy'], again.energies / result.counts, atol=1e-9)
    pressures = -np.trace(again.stresses, axis1=1, axis2=2) / 3 * 160.21766
    np.testing.assert_allclose(result['pressure'], pressures, atol=1e-4)
    np.testing.assert_allclose(result['stress'], again.stresses * 160.21766, atol=1e-4)
    np.testing.assert_allclose(result.atom_columns['forces'].values, again.forces, atol=1e-9)
    np.testing.assert_array_equal(result['converged'], result['max_force'] < 0.01)
    assert result.metadata['engine'] == silicon.engine


def test_columns_are_kept(make_settings, random_silicon, silicon):
    """What was known of a crystal stays with it, in the order of the input."""
    labels = np.array([f'crystal {row}' for row in range(8)])
    crystals = random_silicon(8).with_columns(label=labels, row=np.arange(8) * 10)
    result = relax(crystals.with_metadata(source={'name': 'here'}), silicon, make_settings())
    np.testing.assert_array_equal(result['label'], labels)
    np.testing.assert_array_equal(result['row'], np.arange(8) * 10)
    assert result.metadata['source'] == {'name': 'here'}
    np.testing.assert_array_equal(result.counts, crystals.counts)


def test_without_freedom_crystals_are_only_evaluated(make_settings, random_silicon, silicon):
    """Nothing moves, every crystal counts as converged, and its forces are given."""
    crystals = random_silicon(4, amplitude=0.1)
    result = relax(crystals, silicon, make_settings(freedom='none'))
    np.testing.assert_allclose(result.fractional_coordinates, crystals.fractional_coordinates)
    forces = result.atom_columns['forces'].values
    np.testing.assert_allclose(forces, silicon.evaluate(crystals).forces, atol=1e-9)
    assert result['converged'].all()
    assert (result['steps'] == 0).all()
    assert result['max_force'].max() > 0.1


@pytest.mark.parametrize('steps', [0, 2])
def test_too_few_steps_are_no_reason_to_reject(steps, make_settings, random_silicon, silicon):
    """An unconverged crystal says so, and where it got to."""
    crystals = random_silicon(3)
    result = relax(crystals, silicon, make_settings(steps=steps, fmax=1e-6))
    assert not result['converged'].any()
    np.testing.assert_array_equal(result['steps'], steps)
    assert (result['rejection'] == '').all()
    assert np.allclose(result.lattices, crystals.lattices) == (steps == 0)


def test_results_are_saved_as_they_come(make_settings, random_silicon, silicon):
    """Each save has all finished crystals, as they are in the end."""
    crystals, saves = random_silicon(8), []
    result = relax(
        crystals,
        silicon,
        make_settings(batch_atoms=8, save_every=2),
        save=lambda rows, finished: saves.append((rows, finished)),
    )
    assert 2 <= len(saves) <= 4
    for (rows, finished), (later, _) in zip(saves, [*saves[1:], (range(8), None)], strict=True):
        assert set(rows) <= set(later)
        assert_same(finished, result.select(rows))


def test_progress_is_told(make_settings, random_silicon, silicon):
    """It counts finished crystals from none to all."""
    told = []
    relax(
        random_silicon(6),
        silicon,
        make_settings(batch_atoms=1),
        progress=lambda done, total, message='': told.append((done, total)),
    )
    assert told == [(done, 6) for done in range(7)]


def test_an_empty_set_is_refused(make_settings, random_silicon, silicon):
    """There is nothing to return for no crystals."""
    with pytest.raises(ValueError, match='no crystals to relax'):
        relax(random_silicon(1).select([]), silicon, make_settings())


@pytest.mark.parametrize(
    ('key', 'value'), [('fmax', 0), ('steps', -1), ('processes', 0), ('minimizer', 'newton')]
)
def test_impossible_settings_are_named(key, value, make_settings):
    """The message names the key and the value."""
    with pytest.raises(ValueError, match=f"'{key}' is {value!r}"):
        make_settings(**{key: value})


def test_boxes_of_clusters_never_move(make_settings, to_clusters):
    """Whatever is free and whatever presses, only atoms move; stress is nobody's."""
    trimer = to_clusters(Atoms('Pt3', [[0, 0, 0], [2.5, 0, 0], [0, 2.8, 0]]))
    potential = load_potential('emt')
    free = relax(trimer, potential, make_settings(freedom='cell', pressure=5.0, fmax=1e-3))
    fixed = relax(trimer, potential, make_settings(freedom='ions', fmax=1e-3))
    assert_same(free, fixed)
    np.testing.assert_array_equal(free.lattices, trimer.lattices)
    assert not free.periodic
    assert free['converged'].all()
    assert not {'stress', 'pressure'} & {*free.columns}
    assert 'pressure' not in free.metadata['engine']


def test_clusters_that_fly_apart_are_rejected(make_settings, to_clusters, pressing):
    """A cluster whose atoms all repel each other is stopped before it is anywhere."""

    class Repelling(pressing):
        """Forces away from the middle, at an energy without a lower bound."""

        def evaluate(self, crystals):
            """Return minus half the sum of the squared distances from the middle."""
            places = crystals.cartesian_coordinates
            places = places - places.mean(axis=0)
            energies = np.array([-(places**2).sum() / 2])
            return Evaluation(energies, places, np.zeros((1, 3, 3)))

    trimer = to_clusters(Atoms('Pt3', [[0, 0, 0], [2.5, 0, 0], [0, 2.8, 0]]))
    result = relax(trimer, Repelling(0.0), make_settings())
    assert result['steps'][0] < 300
    assert result['rejection'][0].startswith('volume per atom')

"""Laws of the classical potentials."""

from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT

from aiida_crystalgen.science.potentials.interface import load_potential

CASES = [('stillinger-weber', 'Si'), ('tersoff', 'Si'), ('tersoff', 'C'), ('emt', 'Cu')]
CASES_BY_NAME = pytest.mark.parametrize(('name', 'symbol'), CASES)


def test_emt_is_that_of_ase(shaken, to_crystals):
    """Energies, forces and stresses are the calculator's."""
    crystals = [shaken('Cu', seed=1), shaken('Pt', (2, 1, 1), seed=2)]
    result = load_potential('emt').evaluate(to_crystals(*crystals))
    for one in crystals:
        one.calc = EMT()
    np.testing.assert_allclose(
        result.energies, [one.get_potential_energy() for one in crystals], atol=1e-12
    )
    np.testing.assert_allclose(
        result.forces, np.concatenate([one.get_forces() for one in crystals]), atol=1e-12
    )
    np.testing.assert_allclose(
        result.stresses, [one.get_stress(voigt=False) for one in crystals], atol=1e-12
    )


@CASES_BY_NAME
def test_forces_are_the_slope_of_the_energy(name, symbol, shaken, to_crystals):
    """A force is minus the derivative of the energy by the position."""
    potential, crystal = load_potential(name), shaken(symbol, (2, 1, 1))
    moved = []
    for step in (1e-4, -1e-4):
        copy = crystal.copy()
        copy.positions[1, 2] += step
        moved.append(copy)
    up, down = potential.evaluate(to_crystals(*moved)).energies
    force = potential.evaluate(to_crystals(crystal)).forces[1, 2]
    assert force == pytest.approx(-(up - down) / 2e-4, abs=1e-6)


@CASES_BY_NAME
@pytest.mark.parametrize('component', [(0, 0), (1, 2)])
def test_stresses_are_the_slope_of_the_energy(name, symbol, component, shaken, to_crystals):
    """A stress is the derivative of the energy by the strain over the volume."""
    potential, crystals = load_potential(name), to_crystals(shaken(symbol))
    energies = []
    for step in (1e-5, -1e-5):
        strain = np.zeros((3, 3))
        strain[component] += step / 2
        strain[component[::-1]] += step / 2
        strained = replace(crystals, lattices=crystals.lattices @ (np.eye(3) + strain))
        energies.append(potential.evaluate(strained).energies[0])
    slope = (energies[0] - energies[1]) / 2e-5 / crystals.volumes[0]
    assert potential.evaluate(crystals).stresses[0][component] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize(
    ('name', 'edge', 'energy'), [('stillinger-weber', 5.431, -4.3366), ('tersoff', 5.432, -4.6297)]
)
def test_diamond_silicon_is_as_published(name, edge, energy, shaken, to_crystals):
    """Its lattice constant and energy are those of the papers: there the stress vanishes."""
    diamond = shaken('Si')
    diamond.set_cell(edge / 2 * (1 - np.eye(3)))
    diamond.set_scaled_positions([[0, 0, 0], [0.25, 0.25, 0.25]])
    result = load_potential(name).evaluate(to_crystals(diamond))
    assert result.energies[0] / 2 == pytest.approx(energy, abs=1e-3)
    np.testing.assert_allclose(result.stresses[0], 0, atol=2e-4)


@CASES_BY_NAME
def test_crystals_do_not_know_of_each_other(name, symbol, shaken, to_crystals):
    """A crystal has the same numbers, bit for bit, alone and among others."""
    potential = load_potential(name)
    crystals = to_crystals(*(shaken(symbol, (1, 1, size), seed=size) for size in (1, 2, 3)))
    together = potential.evaluate(crystals)
    for row in range(3):
        alone = potential.evaluate(crystals.select([row]))
        assert alone.energies[0] == together.energies[row]
        np.testing.assert_array_equal(alone.forces, together.forces[crystals.atoms(row)])
        np.testing.assert_array_equal(alone.stresses[0], together.stresses[row])


@pytest.mark.parametrize('name', ['stillinger-weber', 'tersoff', 'emt'])
def test_an_unknown_element_is_named(name, shaken, to_crystals):
    """The message says which element, and which ones are known."""
    with pytest.raises(ValueError, match=f"'{name}' does not know the element Ge, only .*(Si|Cu)"):
        load_potential(name).evaluate(to_crystals(shaken('Ge')))


@CASES_BY_NAME
def test_the_engine_is_named(name, symbol):
    """Energies are marked with the potential, and the package with its version."""
    engine = load_potential(name).engine
    assert engine['name'] == name
    assert engine['version'] == version(engine['package'])


def test_coincident_atoms_give_no_number_and_no_warning(shaken, to_crystals):
    """An energy without meaning is not a number, and others beside it are unharmed."""
    crystals = to_crystals(shaken('Si', (2, 1, 1)), shaken('Si'))
    collapsed = crystals.fractional_coordinates.copy()
    collapsed[1] = collapsed[0]
    result = load_potential('stillinger-weber').evaluate(
        replace(crystals, fractional_coordinates=collapsed)
    )
    np.testing.assert_array_equal(np.isnan(result.energies), [True, False])


@pytest.mark.parametrize(('name', 'symbol'), [('tersoff', 'Si'), ('emt', 'Pt')])
def test_clusters_do_not_see_their_images(name, symbol, to_clusters):
    """Energy and forces are those of the atoms alone, whatever the box."""
    places = [[0, 0, 0], [2.4, 0, 0], [0, 2.5, 0], [1.5, 1.5, 1.8]]
    clusters = to_clusters(Atoms(f'{symbol}4', places))
    squeezed = replace(
        clusters,
        lattices=2 * np.eye(3)[None],
        fractional_coordinates=clusters.cartesian_coordinates / 2,
    )
    wide = replace(clusters, periodic=True)
    results = [load_potential(name).evaluate(one) for one in (clusters, squeezed, wide)]
    for one in results[1:]:
        np.testing.assert_allclose(one.energies, results[0].energies, atol=1e-9)
        np.testing.assert_allclose(one.forces, results[0].forces, atol=1e-9)

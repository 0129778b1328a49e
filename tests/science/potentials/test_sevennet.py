"""Laws of SevenNet."""

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from ase.build import bulk

from aiida_crystalgen.science.potentials.interface import load_potential

NAMES = ['7net-0', pytest.param('7net-l3i5', marks=pytest.mark.slow), '7net-mf-0']
load = cache(load_potential)


@cache
def original(name):
    """Return sevenn's own calculator."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what sevenn warns of is not what is tested
        from sevenn.calculator import SevenNetCalculator

        modal = 'PBE' if name == '7net-mf-0' else None
        return SevenNetCalculator(name, device='cpu', modal=modal)


@pytest.fixture
def crystals(shaken, to_crystals):
    """Return crystals of different sizes and elements."""
    return to_crystals(
        shaken('Si'),
        shaken('NaCl', (2, 1, 1), crystalstructure='rocksalt', a=5.6),
        shaken('Cu'),
        shaken('Si', (2, 2, 1), seed=3),
        bulk('Ar', 'sc', a=12.0),
    )


@pytest.mark.parametrize('name', NAMES)
def test_it_is_that_of_sevenn(name, shaken, to_crystals):
    """Energies, forces and stresses are those of the original in single precision."""
    for crystal in (shaken('Si', (2, 1, 1)), shaken('ZnS', crystalstructure='zincblende', a=5.4)):
        result = load(name).evaluate(to_crystals(crystal))
        crystal.calc = original(name)
        assert result.energies[0] == pytest.approx(crystal.get_potential_energy(), abs=1e-5)
        np.testing.assert_allclose(result.forces, crystal.get_forces(), atol=1e-5)
        np.testing.assert_allclose(result.stresses[0], crystal.get_stress(voigt=False), atol=1e-6)


@pytest.mark.parametrize('name', NAMES)
def test_crystals_do_not_know_of_each_other(name, crystals):
    """A crystal has the same numbers, bit for bit, alone and among others."""
    together = load(name).evaluate(crystals)
    for row in range(len(crystals)):
        alone = load(name).evaluate(crystals.select([row]))
        assert alone.energies[0] == together.energies[row]
        np.testing.assert_array_equal(alone.forces, together.forces[crystals.atoms(row)])
        np.testing.assert_array_equal(alone.stresses[0], together.stresses[row])


def test_threads_make_no_difference(crystals):
    """The bits are those of one thread, and the threads of the user are left as they were."""
    before = torch.get_num_threads()
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append(load('7net-0').evaluate(crystals).forces)
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize('name', NAMES)
def test_diamond_silicon_has_its_lattice_constant(name, to_crystals):
    """The stress changes its sign near 5.463 Å (PBE: 5.469 Å): compressed on one side only."""
    small, large = (bulk('Si', a=edge) for edge in (5.455, 5.475))
    stresses = load(name).evaluate(to_crystals(small, large)).stresses
    assert np.trace(stresses[0]) < 0 < np.trace(stresses[1])


@pytest.mark.parametrize('name', NAMES)
def test_activations_are_what_the_readout_gets(name, crystals):
    """They are those of an evaluation with forces, bit for bit, alone and among others."""
    seen = []
    readout = load(name)._model.get_submodule('reduce_input_to_hidden')
    hook = readout.register_forward_pre_hook(lambda _, given: seen.append(given[0]['x'].detach()))
    load(name).evaluate(crystals)
    hook.remove()
    together = load(name).activations(crystals)
    np.testing.assert_array_equal(together, seen[0].numpy()[: len(together)])
    alone = [load(name).activations(crystals.select([row])) for row in range(len(crystals))]
    np.testing.assert_array_equal(np.concatenate(alone), together)


def test_an_unknown_element_is_named(shaken, to_crystals):
    """The message says which element."""
    with pytest.raises(ValueError, match="'7net-0' does not know the element Po"):
        load('7net-0').evaluate(to_crystals(bulk('Po', 'sc', a=3.3)))
    assert 84 not in load('7net-0').elements


def test_coincident_atoms_give_no_number(crystals):
    """An energy without meaning is not a number, and others beside it are unharmed."""
    collapsed = crystals.fractional_coordinates.copy()
    collapsed[1] = collapsed[0]
    result = load('7net-0').evaluate(replace(crystals, fractional_coordinates=collapsed))
    np.testing.assert_array_equal(np.isnan(result.energies), [True] + 4 * [False])
    np.testing.assert_array_equal(
        result.energies[1:], load('7net-0').evaluate(crystals).energies[1:]
    )


def test_an_isolated_atom_feels_nothing(crystals):
    """Beyond the cut-off there are neither forces nor stress."""
    result = load('7net-0').evaluate(crystals.select([4]))
    np.testing.assert_array_equal(result.forces, 0)
    np.testing.assert_array_equal(result.stresses, 0)


def test_no_crystals_have_no_energies(crystals):
    """An empty set is evaluated to empty arrays."""
    result = load('7net-0').evaluate(crystals.select([]))
    assert result.energies.shape == (0,)
    assert result.stresses.shape == (0, 3, 3)
    assert load('7net-0').activations(crystals.select([])).shape == (0, 128)


@pytest.mark.parametrize('name', NAMES)
def test_the_engine_is_named(name):
    """Energies are marked with the model, the package with its version, and the functional."""
    engine = load(name).engine
    assert (engine['name'], engine['package'], engine['functional']) == (name, 'sevenn', 'PBE')

"""Atom-centred symmetry functions."""

import math
from itertools import combinations, product

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.fingerprints.acsf import (
    AcsfSettings,
    SymmetryFunctions,
    symmetry_functions,
)
from aiida_crystalgen.science.structures import to_structures

SETTINGS = AcsfSettings(
    cutoff=5.0,
    radial_eta=(0.5, 4.0),
    radial_shift=(0.0, 1.5, 3.0),
    angular_cutoff=3.5,
    angular_lambda=(-1.0, 1.0),
    angular_zeta=(1, 3, 16),
    angular_eta=(0.05, 0.3),
    angular_shift=(0.0, 2.0),
    per_species=True,
    pooling=('maximum', 'minimum', 'mean', 'variance', 'third_moment'),
    quantiles=3,
)
ANGULAR = ('angular_lambda', 'angular_zeta', 'angular_eta', 'angular_shift')
ELEMENTS = (8, 14, 22)


def changed(**values):
    """Return the settings with some of them replaced, and validated."""
    return AcsfSettings.parse({**SETTINGS.model_dump(), **values})


def tensors(crystals, dtype=torch.float64):
    """Return what symmetry functions are called with."""
    return (
        torch.tensor(crystals.lattices, dtype=dtype),
        torch.tensor(crystals.fractional_coordinates, dtype=dtype),
        torch.tensor(crystals.atomic_numbers),
        torch.tensor(crystals.counts),
    )


def falling(distance, cutoff):
    """Return the cosine cut-off."""
    return 0.5 * math.cos(math.pi * distance / cutoff) + 0.5 if distance < cutoff else 0.0


def defined(structure, site, settings, elements):
    """Return the definition of the functions of an atom, by loops over pymatgen's neighbours."""
    around = structure.get_neighbors(structure[site], settings.cutoff)
    near = [one for one in around if one.nn_distance < settings.angular_cutoff]
    for element, eta, shift in product(elements, settings.radial_eta, settings.radial_shift):
        yield sum(
            math.exp(-eta * (one.nn_distance - shift) ** 2)
            * falling(one.nn_distance, settings.cutoff)
            for one in around
            if element == one.specie.Z
        )
    for pair in [(a, b) for a in elements for b in elements if a <= b]:
        triplets = [
            (one, two)
            for one, two in combinations(near, 2)
            if tuple(sorted((one.specie.Z, two.specie.Z))) == pair
        ]
        for parameters in product(
            settings.angular_lambda,
            settings.angular_zeta,
            settings.angular_eta,
            settings.angular_shift,
        ):
            yield sum(triplet(structure[site], *two, settings, parameters) for two in triplets)


def triplet(centre, one, two, settings, parameters):
    """Return what two neighbours add to an angular function of an atom."""
    sign, zeta, eta, shift = parameters
    first, second = one.nn_distance, two.nn_distance
    cosine = (one.coords - centre.coords) @ (two.coords - centre.coords) / first / second
    radial = math.exp(-eta * ((first - shift) ** 2 + (second - shift) ** 2))
    radial *= falling(first, settings.angular_cutoff) * falling(second, settings.angular_cutoff)
    return 2.0 ** (1 - zeta) * (1 + sign * cosine) ** zeta * radial


@pytest.fixture
def mixed(random_set):
    """Return crystals of one to five atoms of two elements."""
    return concatenate(
        [random_set(2, number, elements=(8, 14), seed=number) for number in (1, 3, 5)]
    )


@pytest.fixture
def molecules():
    """Return clusters of four atoms of two elements."""
    generator = np.random.default_rng(3)
    return CrystalSet(
        lattices=np.tile(9 * np.eye(3), (3, 1, 1)),
        fractional_coordinates=generator.uniform(0.3, 0.7, (12, 3)),
        atomic_numbers=np.tile([8, 14, 14, 22], 3),
        counts=np.full(3, 4),
        periodic=False,
    )


def test_values_follow_the_definition(mixed):
    """Each function is the sum over neighbours and pairs of neighbours, images included."""
    found = SymmetryFunctions(SETTINGS, ELEMENTS).of_atoms(*tensors(mixed)).numpy()
    expected = [
        list(defined(structure, site, SETTINGS, ELEMENTS))
        for structure in to_structures(mixed)
        for site in range(len(structure))
    ]
    assert np.abs(found - expected).max() < 1e-12


def test_clusters_have_no_images(molecules):
    """In a cluster only its own atoms are neighbours, wherever the box ends."""
    large = Lattice.cubic(100.0)
    found = SymmetryFunctions(SETTINGS, ELEMENTS, periodic=False).of_atoms(*tensors(molecules))
    for row in range(len(molecules)):
        atoms = molecules.atoms(row)
        places = molecules.cartesian_coordinates[atoms]
        numbers = molecules.atomic_numbers[atoms]
        structure = Structure(large, numbers, places, coords_are_cartesian=True)
        for site, values in enumerate(found[atoms].numpy()):
            expected = list(defined(structure, site, SETTINGS, ELEMENTS))
            assert values == pytest.approx(expected, abs=1e-12)


def test_radial_function_of_a_dimer(crystal):
    """A single neighbour at r gives exp(-η (r - s)²) times the cut-off."""
    pair = crystal(30 * np.eye(3), [[0, 0, 0], [0, 0, 0.1]])
    settings = changed(pooling=['maximum'], quantiles=0, **dict.fromkeys(ANGULAR, ()))
    values = symmetry_functions(pair, settings, (14,))[0]
    expected = [
        math.exp(-eta * (3 - shift) ** 2) * falling(3, 5)
        for eta, shift in product((0.5, 4.0), (0.0, 1.5, 3.0))
    ]
    assert values == pytest.approx(expected, rel=1e-12)


def test_angular_function_of_a_right_angle(crystal):
    """At a right angle λ does not matter, and ζ by 2^(1-ζ) alone."""
    corner = crystal(30 * np.eye(3), [[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]])
    settings = changed(angular_eta=[0.0], angular_shift=[0.0])
    values = SymmetryFunctions(settings, (14,)).of_atoms(*tensors(corner))[0, 6:]
    expected = [2.0 ** (1 - zeta) * falling(3, 3.5) ** 2 for zeta in (1, 3, 16)] * 2
    assert values.numpy() == pytest.approx(np.array(expected), rel=1e-12)


@pytest.mark.parametrize('per_species', [True, False])
def test_disguise_changes_nothing(mixed, disguised, per_species):
    """Cell, supercell, orientation, origin and order of the atoms do not matter."""
    settings = changed(per_species=per_species, quantiles=4)
    values = symmetry_functions(mixed, settings, ELEMENTS)
    for seed in range(3):
        others = symmetry_functions(disguised(mixed, seed=seed), settings, ELEMENTS)
        assert np.abs(values - others).max() < 1e-9


def test_whole_translations_change_nothing(mixed):
    """Coordinates outside of the cell are those of the same crystal."""
    lattices, fractional, numbers, counts = tensors(mixed)
    moved = fractional + torch.randint(-5, 6, fractional.shape)
    functions = SymmetryFunctions(SETTINGS, ELEMENTS)
    first, second = (functions(lattices, one, numbers, counts) for one in (fractional, moved))
    assert first.numpy() == pytest.approx(second.numpy(), abs=1e-9)


@pytest.mark.parametrize('per_species', [True, False])
def test_gradients_of_crystals(mixed, per_species):
    """Gradients in lattices and coordinates are those of finite differences."""
    settings = changed(per_species=per_species, cutoff=4.0, quantiles=2)
    functions = SymmetryFunctions(settings, (8, 14))
    lattices, fractional, numbers, counts = tensors(mixed.select([0, 2]))
    assert torch.autograd.gradcheck(
        lambda cells, places: functions(cells, places, numbers, counts),
        (lattices.requires_grad_(), fractional.requires_grad_()),
        fast_mode=True,
    )


def test_gradients_of_clusters(molecules):
    """Gradients in the coordinates of clusters are those of finite differences."""
    settings = changed(angular_zeta=[1, 4], angular_eta=[0.3], angular_shift=[1.0])
    functions = SymmetryFunctions(settings, ELEMENTS, periodic=False)
    lattices, fractional, numbers, counts = tensors(molecules.select([1]))
    assert torch.autograd.gradcheck(
        lambda places: functions.of_atoms(lattices, places, numbers, counts),
        fractional.requires_grad_(),
        fast_mode=True,
    )


@pytest.mark.parametrize('name', ['sc', 'fcc', 'diamond'])
def test_gradients_of_symmetric_crystals_are_finite(cubic, name):
    """Equivalent atoms, whose values are equal, make no gradient infinite."""
    lattices, fractional, numbers, counts = tensors(cubic(name, 3.6))
    values = SymmetryFunctions(SETTINGS, (14,))(
        lattices.requires_grad_(), fractional.requires_grad_(), numbers, counts
    )
    for gradient in torch.autograd.grad(values.sum(), (lattices, fractional)):
        assert bool(torch.isfinite(gradient).all())


def test_atoms_in_one_place_have_a_finite_gradient(crystal):
    """Two atoms in one place give numbers, not infinities."""
    both = crystal(6 * np.eye(3), [[0.2, 0.2, 0.2], [0.2, 0.2, 0.2], [0.5, 0.2, 0.2]])
    lattices, fractional, numbers, counts = tensors(both)
    values = SymmetryFunctions(SETTINGS, (14,))(
        lattices, fractional.requires_grad_(), numbers, counts
    )
    (gradient,) = torch.autograd.grad(values.sum(), fractional)
    assert bool(torch.isfinite(values).all() and torch.isfinite(gradient).all())


@pytest.mark.parametrize('distance', [SETTINGS.angular_cutoff, SETTINGS.cutoff])
def test_values_change_smoothly_at_the_cutoff(crystal, distance):
    """Values and slopes do not jump when an atom leaves the neighbourhood."""
    fractions = [[0.0, 0, 0], [0.0, 0.08, 0], [0.0, 0.0, 0.0]]
    functions, results = SymmetryFunctions(SETTINGS, (14,)), []
    for place in (distance - 1e-7, distance + 1e-7):
        lattices, fractional, numbers, counts = tensors(crystal(30 * np.eye(3), fractions))
        fractional[2, 2] = place / 30
        values = functions.of_atoms(lattices, fractional.requires_grad_(), numbers, counts)
        weights = torch.linspace(-1, 1, values.shape[1], dtype=torch.float64)
        (slopes,) = torch.autograd.grad((values * weights).sum(), fractional)
        results.append(torch.cat([values.detach().flatten(), slopes.flatten()]))
    assert float((results[0] - results[1]).abs().max()) < 1e-4


def test_lonely_atoms_have_no_values(crystal):
    """Without neighbours every function is zero, and so is every gradient."""
    lattices, fractional, numbers, counts = tensors(crystal(20 * np.eye(3), [[0, 0, 0]], 8))
    functions = SymmetryFunctions(SETTINGS, ELEMENTS)
    values = functions(lattices.requires_grad_(), fractional, numbers, counts)
    (gradient,) = torch.autograd.grad(values.sum(), lattices)
    assert values.shape == (1, functions.number)
    assert not bool(values.any() or gradient.any())


def test_no_crystals_have_no_functions(random_set):
    """An empty set gives an empty table."""
    functions = SymmetryFunctions(SETTINGS, (14,))
    none = random_set(2, 3).select([])
    assert symmetry_functions(none, SETTINGS, (14,)).shape == (0, functions.number)
    assert functions.of_atoms(*tensors(none)).shape == (0, 6 + 2 * 3 * 2 * 2)


def test_values_are_never_negative(random_set):
    """Radial and angular functions are positive or zero, and so are means of them."""
    crystals = random_set(10, 6, elements=(8, 14))
    values = symmetry_functions(crystals, changed(pooling=['minimum', 'mean']), (8, 14))
    assert values.min() >= 0


def batch(random_set):
    """Return crystals of several sizes, as tensors, and the same one by one."""
    parts = [random_set(20, number, elements=(8, 14), seed=number) for number in (1, 2, 5, 8, 13)]
    crystals = concatenate(parts)
    return crystals, [crystals.select([row]) for row in range(0, len(crystals), 13)]


def gradients(crystals):
    """Return the features and their gradients in lattices and coordinates."""
    lattices, fractional, numbers, counts = tensors(crystals)
    functions = SymmetryFunctions(SETTINGS, (8, 14))
    values = functions(lattices.requires_grad_(), fractional.requires_grad_(), numbers, counts)
    inner = (values * torch.linspace(-1, 1, values.shape[1], dtype=torch.float64)).sum()
    return values.detach(), *torch.autograd.grad(inner, (lattices, fractional))


def test_bits_do_not_depend_on_the_batch(random_set):
    """Values and gradients of a crystal are the same bits alone and among others of all sizes."""
    crystals, singles = batch(random_set)
    values, cells, places = gradients(crystals)
    for row, single in zip(range(0, len(crystals), 13), singles, strict=True):
        alone, cell, place = gradients(single)
        assert torch.equal(values[row], alone[0])
        assert torch.equal(cells[row], cell[0])
        assert torch.equal(places[crystals.atoms(row)], place)


def test_bits_do_not_depend_on_threads(random_set):
    """Values and gradients are the same bits with one thread and with several."""
    crystals, _ = batch(random_set)
    threads, results = torch.get_num_threads(), []
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            results.append(gradients(crystals))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(one, two) for one, two in zip(*results, strict=True))


def test_sets_are_worked_on_in_blocks(random_set, monkeypatch):
    """A set gives the bits of a call with all crystals, however small the blocks are."""
    crystals, _ = batch(random_set)
    expected = SymmetryFunctions(SETTINGS, (8, 14))(*tensors(crystals)).numpy()
    module = 'aiida_crystalgen.science.fingerprints.acsf.functions._EDGES_AT_ONCE'
    for edges in (2000, 1 << 20):
        monkeypatch.setattr(module, edges)
        assert np.array_equal(symmetry_functions(crystals, SETTINGS, (8, 14)), expected)


def test_single_precision_is_close(mixed):
    """In single precision values are right to six digits or so."""
    functions = SymmetryFunctions(SETTINGS, ELEMENTS)
    single = functions(*tensors(mixed, torch.float32))
    assert single.dtype == torch.float32
    assert single.numpy() == pytest.approx(functions(*tensors(mixed)).numpy(), abs=2e-4, rel=2e-4)


def test_names_say_what_features_are(crystal):
    """A feature of a dimer stands where its name says."""
    pair = crystal(30 * np.eye(3), [[0, 0, 0], [0, 0, 0.1]], [8, 14])
    functions = SymmetryFunctions(SETTINGS, (8, 14))
    values = dict(zip(functions.names, symmetry_functions(pair, SETTINGS, (8, 14))[0], strict=True))
    assert values['mean O G2(Si; η 4, shift 3)'] == pytest.approx(falling(3, 5))
    assert values['share 2 of 3 O G2(Si; η 4, shift 3)'] == pytest.approx(falling(3, 5))
    assert values['mean O G2(O; η 4, shift 3)'] == 0
    assert values['mean O G5(Si, Si; λ 1, ζ 3, η 0.3, shift 2)'] == 0


@pytest.mark.parametrize(
    ('elements', 'number'), [((14,), 380), ((11, 17), 860), ((8, 22, 38), 1440)]
)
def test_number_of_features(elements, number):
    """All combinations of the published lists make as many features as were published."""
    settings = changed(
        cutoff=20.0,
        radial_eta=[0.01, 0.06, 0.1, 0.2, 0.4, 0.7, 1, 2, 3.5, 5],
        radial_shift=[0, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10],
        angular_zeta=[1, 2, 4, 16, 64],
        angular_eta=[0.06, 0.1, 0.2, 0.4, 1],
        angular_shift=[0],
        per_species=False,
        pooling=['maximum', 'minimum'],
        quantiles=0,
    )
    assert SymmetryFunctions(settings, elements).number == number


def test_unknown_element_is_refused(mixed):
    """The message names the element that was not expected."""
    with pytest.raises(ValueError, match='atomic number 14, but these symmetry functions are for'):
        symmetry_functions(mixed, SETTINGS, (8, 22))


@pytest.mark.parametrize('elements', [(), (14, 8), (8, 8)])
def test_disorderly_elements_are_refused(elements):
    """Elements ascend, so that their channels have one order."""
    with pytest.raises(ValueError, match='ascending'):
        SymmetryFunctions(SETTINGS, elements)


@pytest.mark.parametrize(
    ('values', 'problem'),
    [
        ({'angular_cutoff': 6.0}, 'larger than'),
        ({'angular_zeta': []}, 'fill all or none'),
        ({'pooling': [], 'quantiles': 0}, 'choose what to pool by'),
        ({'angular_lambda': [2.0]}, 'angular_lambda.0'),
        ({'radial_eta': [-1.0]}, 'radial_eta.0'),
        ({'pooling': ['median']}, 'pooling.0'),
    ],
)
def test_impossible_settings_are_refused(values, problem):
    """The message names the key."""
    with pytest.raises(ValueError, match=problem):
        changed(**values)

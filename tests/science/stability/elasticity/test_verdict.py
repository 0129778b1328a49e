"""Laws of elastic verdicts, with classical potentials."""

import numpy as np
import pytest
from ase import Atoms
from ase.optimize import BFGS
from ase.units import GPa
from matscipy.elasticity import (
    full_3x3x3x3_to_Voigt_6x6,
    measure_triclinic_elastic_constants,
)

from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.science.stability.elasticity import judge_elasticity, strained_crystals
from aiida_crystalgen.science.symmetry.standard import standard_primitive


@pytest.fixture
def diamond(cubic, relax_with):
    """Return diamond silicon relaxed with the Stillinger–Weber potential."""
    return standard_primitive(relax_with(cubic('diamond', 5.4), freedom='cell'), 0.01)


@pytest.fixture
def prototype(relax_with):
    """Return a function that relaxes silicon in the structure of a known crystal."""

    def make(name):
        crystals = prototypes('Si', volume_per_atom=20.0, maximum_atoms=8)
        row = next(row for row, label in enumerate(crystals['label']) if name in label)
        return standard_primitive(relax_with(crystals.select([row]), freedom='cell'), 0.01)

    return make


def test_diamond_silicon_has_the_published_constants(diamond, measure):
    """C11, C12 and C44 are 151.4, 76.4 and 56.4 GPa: Balamane et al., PRB 46, 2250 (1992)."""
    verdict = measure(diamond)
    found = [verdict.stiffness[row][column] for row, column in ((0, 0), (0, 1), (3, 3))]
    np.testing.assert_allclose(found, [151.4, 76.4, 56.4], atol=0.1)
    assert (verdict.stable, verdict.reasons, verdict.strained) == (True, (), 3)
    assert verdict.moduli.bulk_modulus == pytest.approx((found[0] + 2 * found[1]) / 3)
    assert verdict.engine['name'] == 'stillinger-weber'


@pytest.mark.parametrize('name', ['beta Sn', 'Lonsdaleite', 'alpha Np', 'A_tI8_139_h'])
def test_constants_are_those_of_matscipy(name, prototype, measure):
    """Small strains of all six components, without symmetry, give the same to 0.5 %."""
    crystals = prototype(name)
    atoms = Atoms(
        numbers=crystals.atomic_numbers,
        scaled_positions=crystals.fractional_coordinates,
        cell=crystals.lattices[0],
        pbc=True,
        calculator=load_potential('stillinger-weber')._calculator,
    )
    theirs = measure_triclinic_elastic_constants(atoms, delta=1e-3, optimizer=BFGS, fmax=1e-4)
    theirs = full_3x3x3x3_to_Voigt_6x6(theirs, check_symmetry=False) / GPa
    ours = measure(crystals).stiffness
    np.testing.assert_allclose(ours, theirs, atol=5e-3 * np.abs(theirs).max())


def test_a_supercell_has_the_same_constants(diamond, cubic, measure):
    """Constants do not depend on the cell that the crystal is given in."""
    conventional = cubic('diamond', float(np.cbrt(4 * diamond.volumes[0])))
    np.testing.assert_allclose(
        measure(conventional).stiffness, measure(diamond).stiffness, atol=0.05
    )


def test_fcc_silicon_is_unstable(cubic, relax_with, measure):
    """It can be sheared from the cube without cost; the criterion is named."""
    verdict = measure(relax_with(cubic('fcc', 4.1), freedom='cell'))
    assert not verdict.stable
    assert verdict.moduli is None
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].startswith('C11 − C12 > 0 is violated: -')


def test_ions_that_leave_their_places_are_noticed(prototype, measure):
    """Hexagonal close packing of this potential has stresses that no stiffness explains."""
    verdict = measure(prototype('Magnesium'))
    assert not verdict.stable
    assert 'not linear in the strain' in verdict.reasons[-1]


@pytest.mark.parametrize('potential', ['tersoff', 'emt'])
def test_stable_crystals_are_stable(potential, cubic, relax_with, measure):
    """Diamond of Tersoff's potential, and aluminium of effective-medium theory."""
    crystals = cubic('diamond', 5.43) if potential == 'tersoff' else cubic('fcc', 4.0)
    if potential == 'emt':
        crystals = type(crystals)(
            crystals.lattices, crystals.fractional_coordinates, np.full(4, 13), crystals.counts
        )
    verdict = measure(relax_with(crystals, potential, freedom='cell'), potential)
    assert verdict.stable
    assert verdict.crystal_class == 'cubic'


@pytest.fixture
def results(diamond, relax_with, make_settings):
    """Return strained silicon, the same with relaxed ions, and settings."""
    settings = make_settings()
    strained = strained_crystals(diamond, settings)
    return strained, relax_with(strained), settings


def rejected(relaxed, row):
    """Return the set with one row rejected."""
    rejection = np.where(np.arange(len(relaxed)) == row, 'it failed', '')
    return relaxed.with_columns(rejection=rejection)


def test_a_failed_strain_costs_its_row_only(results):
    """With one sign of a strain lost the constants are those of the other, and it is said."""
    strained, relaxed, settings = results
    whole = judge_elasticity(strained, relaxed, settings)
    verdict = judge_elasticity(strained, rejected(relaxed, 1), settings)
    np.testing.assert_allclose(verdict.stiffness, whole.stiffness, atol=3.0)
    assert (verdict.strained, verdict.failures) == (2, {'1': 'it failed'})
    assert judge_elasticity(strained, relaxed.select([0, 2, 3]), settings).stable


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        (0, r'no stress of the unstrained crystal: it failed'),
        (3, r'determine only 2 of the 3 .*: row 3: it failed'),
    ],
)
def test_what_cannot_be_done_without_is_named(row, message, results):
    """The unstrained crystal, and the only strain of a constant."""
    strained, relaxed, settings = results
    with pytest.raises(ValueError, match=message):
        judge_elasticity(strained, rejected(relaxed, row), settings)


@pytest.mark.parametrize(
    ('column', 'value', 'message'),
    [
        ('converged', np.array([True, True, True, False]), 'its ions are not relaxed'),
        ('stress', np.full((4, 3, 3), [[[np.nan]]]), 'its stress is not finite'),
    ],
)
def test_stresses_that_mean_nothing_do_not_count(column, value, message, results):
    """Those of ions on their way, and those that are no numbers."""
    strained, relaxed, settings = results
    with pytest.raises(ValueError, match=message):
        judge_elasticity(strained, relaxed.with_columns(**{column: value}), settings)


def test_a_crystal_under_stress_is_refused(cubic, measure):
    """The message gives the stress, and what to do."""
    with pytest.raises(ValueError, match=r'under a stress of .* GPa, above the 1 GPa'):
        measure(cubic('diamond', 5.2))

"""Laws of CHGNet."""

import importlib.util

import numpy as np
import pytest

from aiida_crystalgen.science.potentials import chgnet
from aiida_crystalgen.science.potentials.interface import load_potential

needs_chgnet = pytest.mark.skipif(
    importlib.util.find_spec('chgnet') is None, reason='the extra chgnet is not installed'
)


def test_without_its_package_it_says_how_to_install_it(monkeypatch):
    """The message holds the command."""
    monkeypatch.setattr(chgnet, 'find_spec', lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'aiida-crystalgen\[chgnet\]'"):
        load_potential('chgnet')


@needs_chgnet
def test_crystals_are_evaluated_together(shaken, to_crystals, capsys):
    """One batch gives the numbers of single crystals, in order, and prints nothing."""
    potential = load_potential('chgnet')
    crystals = to_crystals(
        shaken('Si', (2, 1, 1)), shaken('Cu'), shaken('NaCl', crystalstructure='rocksalt', a=5.6)
    )
    together = potential.evaluate(crystals)
    for row in range(3):
        alone = potential.evaluate(crystals.select([row]))
        assert together.energies[row] == pytest.approx(alone.energies[0], abs=1e-5)
        np.testing.assert_allclose(together.forces[crystals.atoms(row)], alone.forces, atol=1e-5)
        np.testing.assert_allclose(together.stresses[row], alone.stresses[0], atol=1e-6)
    assert capsys.readouterr().out == ''


@needs_chgnet
def test_stresses_are_the_slope_of_the_energy(shaken, to_crystals):
    """Between two compressed crystals the energy changes by the work of the mean stress."""
    crystals = [shaken('Si', seed=1), shaken('Si', seed=1)]
    for crystal, scale in zip(crystals, (0.93, 0.94), strict=True):
        crystal.set_cell(crystal.cell * scale, scale_atoms=True)
    result = load_potential('chgnet').evaluate(to_crystals(*crystals))
    stress = np.trace(result.stresses, axis1=1, axis2=2).mean() / 3
    work = stress * np.diff(to_crystals(*crystals).volumes)[0]
    assert np.diff(result.energies)[0] == pytest.approx(work, rel=0.02)


@needs_chgnet
def test_an_unknown_element_is_named(shaken, to_crystals):
    """The message says which element."""
    crystals = to_crystals(shaken('Am', crystalstructure='fcc', a=4.9))
    with pytest.raises(ValueError, match="'chgnet' does not know the element Am"):
        load_potential('chgnet').evaluate(crystals)

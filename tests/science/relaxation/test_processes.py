"""Laws of relaxations that several processes share."""

import subprocess
import sys

import numpy as np
import pytest
from ase.build import bulk

from aiida_crystalgen.science.relaxation import processes, relax

SCRIPT = """
import pickle, sys
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.relaxation import relax

crystals, settings, target = pickle.loads(sys.stdin.buffer.read())
result = relax(crystals, load_potential('stillinger-weber'), settings)
open(target, 'wb').write(pickle.dumps(result['energy']))
"""


def test_processes_make_no_difference(make_settings, random_silicon, silicon):
    """Two processes give the same bits as one, in the same order."""
    crystals = random_silicon(7)
    alone = relax(crystals, silicon, make_settings())
    shared = relax(crystals, silicon, make_settings(processes=2))
    np.testing.assert_array_equal(shared.lattices, alone.lattices)
    np.testing.assert_array_equal(shared.fractional_coordinates, alone.fractional_coordinates)
    np.testing.assert_array_equal(shared['energy'], alone['energy'])


def test_errors_of_a_process_are_raised(make_settings, silicon, to_crystals):
    """What the potential refuses is refused as in one process."""
    crystals = to_crystals(bulk('Si'), bulk('Ge'))
    with pytest.raises(ValueError, match='does not know the element Ge'):
        relax(crystals, silicon, make_settings(processes=2))


def test_a_process_that_dies_is_noticed(monkeypatch, make_settings, random_silicon, silicon):
    """Nobody waits for ever for a process that was killed."""
    monkeypatch.setattr(processes, '_WORKER', 'keyword')
    with pytest.raises(ChildProcessError, match='ended before its work was done'):
        relax(random_silicon(2), silicon, make_settings(processes=2))


def test_a_script_needs_no_guard(tmp_path, make_settings, random_silicon, silicon):
    """A script that relaxes on its top level is not run again by its processes."""
    import pickle

    crystals, target = random_silicon(3), tmp_path / 'energies'
    script = tmp_path / 'script.py'
    script.write_text(SCRIPT)
    inputs = pickle.dumps((crystals, make_settings(processes=2), str(target)))
    subprocess.run([sys.executable, str(script)], input=inputs, check=True, timeout=120)
    alone = relax(crystals, silicon, make_settings())
    np.testing.assert_array_equal(pickle.loads(target.read_bytes()), alone['energy'])  # noqa: S301

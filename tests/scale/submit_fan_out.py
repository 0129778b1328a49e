"""Submit one fan-out to the daemon of the default profile, wait, and print what became of it."""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from aiida import load_profile, orm
from aiida.engine import submit

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.science.crystals import CrystalSet

# Gives back what it was given, in the files of crystalgen-run, without starting Python.
STAND_IN = """#!/bin/bash
cp crystals.npz relaxed.npz
echo '{"refused": null}' >result.json
"""


def structures(number):
    """Return simple cubic crystals, each with a lattice constant of its own, as a node."""
    crystals = CrystalSet(
        lattices=np.eye(3) * (2.5 + 0.001 * np.arange(number))[:, None, None],
        fractional_coordinates=np.zeros((number, 3)),
        atomic_numbers=np.full(number, 14),
        counts=np.ones(number, dtype=np.int64),
    )
    return node_from_crystals(crystals)


def stand_in(folder):
    """Return a code on this computer that does the least that a relaxation can do."""
    script = Path(folder) / 'stand-in'
    script.write_text(STAND_IN)
    script.chmod(0o755)
    computer = orm.load_computer('localhost')
    computer.set_minimum_job_poll_interval(1.0)
    return orm.InstalledCode(
        label='stand-in', computer=computer, filepath_executable=str(script)
    ).store()


def returned(child):
    """Return the lattice constant of the crystal that a child gave back, None if it gave none."""
    if 'relaxed' not in child.outputs:
        return None
    return round(float(crystals_from_node(child.outputs.relaxed).lattices[0, 0, 0]), 6)


def main(folder, number, limit, seconds):
    """Print a JSON report of the fan-out."""
    from fan_out import FanOutWorkChain

    load_profile()
    started = time.monotonic()
    parent = submit(
        FanOutWorkChain,
        structures=structures(number),
        code=stand_in(folder),
        max_concurrent=orm.Int(limit),
    )
    while not parent.is_terminated and time.monotonic() - started < seconds:
        time.sleep(1)
    processes = orm.QueryBuilder().append(orm.ProcessNode).all(flat=True)
    report = {
        'seconds': round(time.monotonic() - started, 1),
        'parent': [parent.process_state.value, parent.exit_status],
        'states': Counter(
            f'{one.process_label} {one.process_state.value} {one.exit_status}' for one in processes
        ),
        'returned': sorted(map(returned, parent.called), key=str),
        'jobs': Counter(len(child.called) for child in parent.called),
        'exceptions': [one.exception for one in processes if one.exception],
    }
    print(json.dumps(report))  # noqa: T201


if __name__ == '__main__':
    main(sys.argv[1], *map(int, sys.argv[2:]))

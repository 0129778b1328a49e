"""The process that relaxes its share of a set, for :mod:`.processes`."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.relaxation.frames import relaxations_in_flight

__all__ = ('main',)


def main() -> None:
    """Take crystals, potential and settings from the connection, and send back what finishes."""
    with Connection(int(sys.argv[1])) as connection:
        crystals, potential, settings = connection.recv()
        try:
            with single_threaded():
                for part in relaxations_in_flight(crystals, load_potential(potential), settings):
                    connection.send(part)
            connection.send(None)
        except ValueError as exception:
            connection.send(exception)
        except BrokenPipeError:
            return  # nobody waits for the results any more


if __name__ == '__main__':
    main()

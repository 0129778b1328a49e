"""The VASP emulator: a program that speaks VASP's files over an interatomic potential.

It lets the whole chain of aiida-vasp run where there is no VASP, and plays VASP's failures. What it
writes says everywhere that it is not VASP, and holds nothing electronic: no bands, no gap, no Fermi
level, no k-points but those that were asked for.
"""

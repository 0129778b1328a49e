"""Interatomic potentials, found by their entry points in ``aiida_crystalgen.potentials``."""

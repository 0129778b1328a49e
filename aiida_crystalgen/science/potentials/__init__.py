"""Interatomic potentials, found by their entry points in the group ``aiida_crystalgen.potentials``."""

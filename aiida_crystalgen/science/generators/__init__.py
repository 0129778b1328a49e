"""Generators of crystals, found by their entry points in ``aiida_crystalgen.generators``."""

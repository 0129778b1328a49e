"""Generators of crystals, found by their entry points in the group ``aiida_crystalgen.generators``."""

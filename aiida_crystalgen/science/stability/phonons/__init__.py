"""Harmonic phonons from finite displacements, and whether a crystal is dynamically stable."""

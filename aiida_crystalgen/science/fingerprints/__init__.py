"""Representations of crystals that do not depend on the choice of cell."""

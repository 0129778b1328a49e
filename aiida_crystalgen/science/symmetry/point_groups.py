"""Point groups of clusters, found by pymatgen."""

from __future__ import annotations

import numpy as np

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.structures import to_molecule

__all__ = ('point_groups',)


def point_groups(clusters: CrystalSet, tolerance: float) -> np.ndarray:
    """Return the Schoenflies symbol of the point group of each cluster, as in 'D5h', 'D∞h', 'Kh'.

    :param tolerance: of positions, in Å.
    """
    # It imports matplotlib.
    from pymatgen.symmetry.analyzer import PointGroupAnalyzer

    symbols = [
        PointGroupAnalyzer(to_molecule(clusters, row), tolerance=tolerance).sch_symbol
        for row in range(len(clusters))
    ]
    return np.array([symbol.replace('*', '∞') for symbol in symbols], dtype=np.str_)

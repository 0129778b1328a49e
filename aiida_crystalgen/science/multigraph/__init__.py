"""Crystals as multigraphs of their inequivalent atoms, in batches of any space groups.

Sultanov et al., arXiv:2310.10695 (2023): nodes are inequivalent atoms alone, and edges lead from
them to all images of each other, and of themselves, by the operations of the space group and the
translations of the lattice. Importing this package imports torch.
"""

from aiida_crystalgen.science.multigraph.classes import EdgeClasses, classified
from aiida_crystalgen.science.multigraph.edges import Edges, edges_within
from aiida_crystalgen.science.multigraph.layout import Layout
from aiida_crystalgen.science.multigraph.nearest import nearest_edges

__all__ = ('EdgeClasses', 'Edges', 'Layout', 'classified', 'edges_within', 'nearest_edges')

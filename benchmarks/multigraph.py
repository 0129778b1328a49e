"""Symmetric multigraphs of mixed crystals, in one batch, beside those of diffusion-atoms.

diffusion-atoms (https://github.com/findooshka/diffusion-atoms, commit 9ee5c62) is no package: the
peer path is a folder that holds its folder ``diffusion_atoms``. Only its search for neighbours is
timed, not the line graph that it makes of them, so that neither DGL nor JARVIS is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    from aiida_crystalgen.science.symmetric_crystals import SymmetricCrystals

__all__ = ('CLAIMS',)

_GOAL = 20
_CRYSTALS = 44
_NEIGHBORS = 80  # of the published settings
_FIRST_CUTOFF = 5.5  # Å, of the published settings
_STUBS = {
    'dgl': (),
    'jarvis': (),
    'jarvis.core': (),
    'jarvis.core.atoms': ('Atoms',),
    'jarvis.core.graphs': (
        'build_undirected_edgedata',
        'compute_bond_cosines',
        'canonize_edge',
        'get_node_attributes',
        'Graph',
    ),
}


def _mixed_crystals() -> SymmetricCrystals:
    """Return random crystals of 2 to 16 atoms in space groups of all systems."""
    import numpy as np

    from aiida_crystalgen.science.crystals import concatenate
    from aiida_crystalgen.science.symmetric_crystals import symmetric_crystals
    from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
    from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals

    sets = []
    for units in (1, 2, 4, 8):
        amounts = {'Ti': units, 'O': units}
        groups = compatible_space_groups(amounts, 'primitive')
        chosen = np.linspace(0, len(groups) - 1, _CRYSTALS // 4).astype(int)
        contents = CellContents(
            amounts=amounts,
            cell='primitive',
            volume_per_atom=12.0,
            volume_tolerance=0.1,
            distances={'Ti-Ti': 1.5, 'O-Ti': 1.5, 'O-O': 1.5},
            attempts=500,
        )
        sets.append(random_crystals(contents, np.array(groups)[chosen], np.arange(len(chosen))))
    return symmetric_crystals(concatenate(sets), 1e-3)


def _ours(crystals: SymmetricCrystals) -> Callable[[], Any]:
    """Return what makes the multigraphs of all crystals."""
    import torch

    from aiida_crystalgen.science.multigraph import Layout, nearest_edges

    parameters = torch.from_numpy(crystals.parameters)
    lattices = torch.from_numpy(crystals.lattices)

    def make() -> Any:
        return nearest_edges(Layout.of(crystals.templates), parameters, lattices, _NEIGHBORS)

    return make


def _theirs(context: Context, crystals: SymmetricCrystals) -> Callable[[], Any] | None:
    """Return what makes the same multigraphs one by one; None without the peer."""
    import torch

    peer = _peer_module(context)
    if peer is None:
        return None
    inputs = [_peer_input(crystals, row) for row in range(len(crystals))]

    def make() -> None:
        for atoms, operations in inputs:
            peer.nearest_neighbor_edges(atoms, operations, _FIRST_CUTOFF, _NEIGHBORS, torch.float)

    return make


def _peer_module(context: Context) -> ModuleType | None:
    """Return the peer's module of graphs, in which what it does not need may be missing."""
    if context.peer_path is None or not (context.peer_path / 'diffusion_atoms').exists():
        return None
    sys.path.insert(0, str(context.peer_path / 'diffusion_atoms'))
    for name, members in _STUBS.items():
        stub = ModuleType(name)
        for member in members:
            setattr(stub, member, None)
        sys.modules.setdefault(name, stub)
    return context.peer('functions.graph')


def _peer_input(crystals: SymmetricCrystals, row: int) -> tuple[Any, list[Any]]:
    """Return the inequivalent atoms of a crystal in its primitive cell, and its operations."""
    import numpy as np

    from aiida_crystalgen.science.symmetry.lattices import primitive_basis
    from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

    one = crystals.select([row])
    table, group = wyckoff_table(), int(one.space_groups[0])
    general = table.positions(group)[0]
    maps = table.maps[table.map_bounds[general] : table.map_bounds[general + 1]]
    basis = primitive_basis(group)
    back = np.linalg.inv(basis)
    operations = [
        (np.rint(back.T @ each[:, :3] @ basis.T), (each[:, 3] @ back) % 1) for each in maps
    ]
    coordinates = (one.representatives @ back) % 1
    lattice = basis @ one.lattices[0]
    atoms = SimpleNamespace(
        lattice_mat=lattice, lattice=lattice, frac_coords=coordinates, elements=one.letters
    )
    return atoms, operations


def _measure(context: Context) -> list[Measurement]:
    """Return the rate of making multigraphs."""
    crystals = _mixed_crystals()
    make, peer = _ours(crystals), _theirs(context, crystals)
    seconds = context.take_turns(*((make, peer) if peer else (make,)), repeats=3)
    edges = len(make())
    note = (
        f'{len(crystals)} crystals of {crystals.orbit_counts.mean():.1f} sites, {_NEIGHBORS} '
        f'nearest neighbours and their reverses, {edges} edges; diffusion-atoms 9ee5c62 counts an '
        'atom on a special position once for each operation that leaves it there'
    )
    theirs = seconds[1] if peer else None
    return [Measurement.of_rates(len(crystals), seconds[0], theirs, goal=_GOAL, note=note)]


CLAIMS = (
    Claim(
        'multigraph',
        'symmetric multigraphs of 44 mixed crystals, against diffusion-atoms',
        f'≥ {_GOAL}',
        'structures/s',
        _measure,
    ),
)

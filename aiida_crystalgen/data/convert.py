"""The only door between nodes and what the science works with."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from aiida import orm
from aiida.common.constants import elements

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from aiida_crystalgen.science.composition import element_symbols, reduced_formulas
from aiida_crystalgen.science.crystals import Column, CrystalSet

__all__ = (
    'checkpoint_from_node',
    'crystals_from_node',
    'crystals_from_structures',
    'node_from_checkpoint',
    'node_from_crystals',
    'structure_from_row',
)


_SYMBOLS = {number: element['symbol'] for number, element in elements.items() if number}
_NUMBERS = {symbol: number for number, symbol in _SYMBOLS.items()}


def node_from_crystals(crystals: CrystalSet) -> StructureSetData:
    """Return the crystals, with columns and metadata, as a node that is not stored yet.

    :raises ValueError: if the values of a column are neither numbers nor text, or its name has
        other characters than letters, digits and underscores.
    """
    node = StructureSetData({name: getattr(crystals, name) for name in StructureSetData.GEOMETRY})
    prefixes = (StructureSetData.COLUMN_PREFIX, StructureSetData.ATOM_COLUMN_PREFIX)
    for prefix, columns in zip(prefixes, (crystals.columns, crystals.atom_columns), strict=True):
        for name, column in columns.items():
            if column.values.dtype.kind not in 'biufcU':
                raise ValueError(
                    f"column '{name}' holds {column.values.dtype}, but only numbers and text are "
                    'stored'
                )
            node.set_array(prefix + name, column.values)
    symbols = element_symbols(crystals)
    formulas = sorted(set(reduced_formulas(crystals).tolist()))
    node.base.attributes.set_many(
        {
            'number': len(crystals),
            'periodic': crystals.periodic,
            'elements': symbols,
            'chemical_system': '-'.join(symbols),
            'formulas': formulas[: StructureSetData.MAXIMUM_FORMULAS],
            'properties': {name: column.unit for name, column in crystals.columns.items()},
            'atom_properties': {
                name: column.unit for name, column in crystals.atom_columns.items()
            },
            'metadata': dict(crystals.metadata),
        }
    )
    return node


def crystals_from_node(node: StructureSetData) -> CrystalSet:
    """Return the crystals that a node holds."""
    return CrystalSet(
        **{name: node.get_array(name) for name in StructureSetData.GEOMETRY},
        columns={
            name: Column(node.get_array(StructureSetData.COLUMN_PREFIX + name), unit)
            for name, unit in node.properties.items()
        },
        atom_columns={
            name: Column(node.get_array(StructureSetData.ATOM_COLUMN_PREFIX + name), unit)
            for name, unit in node.atom_properties.items()
        },
        metadata=node.facts,
        periodic=node.periodic,
    )


def structure_from_row(crystals: CrystalSet, row: int) -> orm.StructureData:
    """Return one crystal of the set as AiiDA's structure, not stored yet.

    A cluster is periodic along no direction, its cell being the box.
    """
    atoms = crystals.atoms(row)
    lattice = crystals.lattices[row]
    symbols = [_SYMBOLS[number] for number in crystals.atomic_numbers[atoms]]
    positions = (crystals.fractional_coordinates[atoms] @ lattice).tolist()
    return orm.StructureData(
        cell=lattice.tolist(),
        pbc=(crystals.periodic,) * 3,
        kinds=[orm.Kind(symbols=symbol, name=symbol) for symbol in dict.fromkeys(symbols)],
        sites=[
            orm.Site(kind_name=symbol, position=position)
            for symbol, position in zip(symbols, positions, strict=True)
        ],
    )


def crystals_from_structures(structures: Sequence[orm.StructureData]) -> CrystalSet:
    """Return AiiDA's structures as one set, with the columns ``label`` and ``uuid``.

    The label is that of the node, or its formula and the start of its UUID where it has none.
    Structures that are periodic along no direction are a set of clusters.

    :raises ValueError: if a structure has partial occupancies or vacancies, unknown species, no
        sites, is periodic along one or two directions, or is a cluster among crystals; the message
        names the structure.
    """
    contents = [_contents(structure) for structure in structures]
    lattices = np.array([one.cell for one in structures], dtype=np.float64).reshape(-1, 3, 3)
    counts = np.array([len(numbers) for numbers, _ in contents], dtype=np.int64)
    positions = np.array([xyz for _, sites in contents for xyz in sites], dtype=np.float64)
    inverses = np.repeat(np.linalg.inv(lattices), counts, axis=0)
    return CrystalSet(
        lattices=lattices,
        fractional_coordinates=np.einsum('ai,aij->aj', positions.reshape(-1, 3), inverses),
        atomic_numbers=np.array([n for numbers, _ in contents for n in numbers], dtype=np.int64),
        counts=counts,
        columns={
            'label': Column(np.array([_label(one) for one in structures], dtype=np.str_)),
            'uuid': Column(np.array([one.uuid for one in structures], dtype=np.str_)),
        },
        periodic=_are_periodic(structures),
    )


def _are_periodic(structures: Sequence[orm.StructureData]) -> bool:
    """Return whether structures are crystals, not clusters.

    :raises ValueError: if some are one and some the other.
    """
    kinds = {all(structure.pbc) for structure in structures}
    if len(kinds) > 1:
        first = next(one for one in structures if not all(one.pbc))
        raise ValueError(
            f"structure '{_label(first)}' ({first.uuid}) is a cluster, but others are crystals; a "
            'set holds the ones or the others'
        )
    return kinds != {False}


def _label(structure: orm.StructureData) -> str:
    """Return what to call a structure."""
    return structure.label or f'{structure.get_formula()} {structure.uuid[:8]}'


def _contents(structure: orm.StructureData) -> tuple[list[int], list[list[float]]]:
    """Return atomic numbers and positions in Å.

    :raises ValueError: unless the structure is a crystal or a cluster with one atom of an element
        on each site.
    """
    kinds, sites = structure.kinds, structure.sites
    if not sites:
        raise ValueError(f"structure '{structure.label}' ({structure.uuid}) has no sites")
    name = f"structure '{_label(structure)}' ({structure.uuid})"
    if any(structure.pbc) and not all(structure.pbc):
        raise ValueError(
            f'{name} is periodic along {sum(structure.pbc)} of 3 directions; crystals are along '
            'all 3, and clusters along none'
        )
    numbers = {}
    for kind in kinds:
        if kind.is_alloy or kind.has_vacancies:
            raise ValueError(
                f"{name} has sites with partial occupancy: kind '{kind.name}' is "
                f'{kind.get_symbols_string()}; only ordered crystals can be used'
            )
        if kind.symbol not in _NUMBERS:
            raise ValueError(f"{name} has species '{kind.symbol}', which is no element")
        numbers[kind.name] = _NUMBERS[kind.symbol]
    return [numbers[site.kind_name] for site in sites], [site.position for site in sites]


def node_from_checkpoint(checkpoint: Checkpoint) -> CheckpointData:
    """Return a trained model as a node that is not stored yet."""
    return CheckpointData(io.BytesIO(write_checkpoint(checkpoint)))


def checkpoint_from_node(node: CheckpointData) -> Checkpoint:
    """Return the trained model that a node holds."""
    return read_checkpoint(node.get_content(mode='rb'), node.filename)

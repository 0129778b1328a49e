"""What the commands of datasets do: sets of structures from each kind of source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida import orm

from aiida_crystalgen.calculations.functions.collect import collect
from aiida_crystalgen.calculations.functions.deduplicate import deduplicate
from aiida_crystalgen.calculations.functions.join import join
from aiida_crystalgen.cli.progress import shown
from aiida_crystalgen.cli.running import call, run_or_submit
from aiida_crystalgen.data.convert import (
    crystals_from_node,
    crystals_from_structures,
    node_from_crystals,
)
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain

if TYPE_CHECKING:
    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = (
    'from_files',
    'from_group',
    'from_materials_project',
    'from_optimade',
    'relaxed_prototypes',
    'unrelaxed_prototypes',
    'with_energies',
)

# AiiDA checks every link of a process against all its others.
_STRUCTURES_PER_PROCESS = 100


def from_files(
    paths: Sequence[Path], *, shortest_distance: float, engine: str | None
) -> StructureSetData:
    """Return the crystals in files and folders.

    :param engine: name of what computed the energies in the files.
    """
    from aiida_crystalgen.science.sources.files import read_files

    with shown('reading') as progress:
        crystals = read_files(paths, shortest_distance=shortest_distance, progress=progress)
    if engine is not None:
        crystals = crystals.with_metadata(engine={'name': engine})
    return node_from_crystals(crystals)


def from_optimade(
    url: str, query: str | None, *, limit: int, timeout: float, shortest_distance: float
) -> StructureSetData:
    """Return the crystals of a database that fulfil an OPTIMADE filter.

    :raises ValueError: if there is no filter.
    """
    from aiida_crystalgen.science.sources.optimade import read_optimade

    if not query:
        raise ValueError('--optimade needs a --filter, as in \'elements HAS ONLY "Si"\'')
    with shown('asking') as progress:
        crystals = read_optimade(
            url,
            query,
            limit=limit,
            timeout=timeout,
            shortest_distance=shortest_distance,
            progress=progress,
        )
    return node_from_crystals(crystals)


def from_materials_project(query: str, **settings: Any) -> StructureSetData:
    """Return the crystals of a formula or a chemical system with their energies."""
    from aiida_crystalgen.science.sources.materials_project import read_materials_project

    with shown('asking') as progress:
        return node_from_crystals(read_materials_project(query, progress=progress, **settings))


def from_group(label: str, *, shortest_distance: float) -> StructureSetData:
    """Return the structures of an AiiDA group, linked to the set that they become.

    :raises ValueError: if there is no such group, or none of its structures can be used.
    """
    query = orm.QueryBuilder().append(orm.Group, filters={'label': label}, tag='group')
    if not query.count():
        raise ValueError(
            f"there is no group '{label}'. `verdi group list -A` shows those there are"
        )
    query.append(orm.StructureData, with_group='group', tag='structure')
    query.order_by({'structure': 'id'})
    usable, rejected = _usable(query.all(flat=True), shortest_distance)
    if not usable:
        reason = next(iter(rejected.values()), 'there is none')
        raise ValueError(f"no structure in group '{label}' can be used: {reason}")
    source = {'kind': 'group', 'group': label, 'rejected': rejected}
    sets = []
    with shown('linking') as progress:
        for start in range(0, len(usable), _STRUCTURES_PER_PROCESS):
            some = usable[start : start + _STRUCTURES_PER_PROCESS]
            rows = {f'row_{start + place:06d}': one for place, one in enumerate(some)}
            sets.append(call(collect, source=source, **rows).outputs.structures)
            progress(start + len(some), len(usable))
    if len(sets) == 1:
        return sets[0]
    return call(
        join, **{f'part_{place:06d}': one for place, one in enumerate(sets)}
    ).outputs.structures


def _usable(
    structures: Sequence[orm.StructureData], shortest_distance: float
) -> tuple[list[orm.StructureData], dict[str, str]]:
    """Return the structures that are crystals, and the reasons for the others by UUID."""
    from aiida_crystalgen.science.neighbors import shortest_distances

    usable, rejected = [], {}
    with shown('checking') as progress:
        for done, structure in enumerate(structures, start=1):
            try:
                distance = shortest_distances(crystals_from_structures([structure]))[0]
            except ValueError as exception:
                rejected[structure.uuid] = str(exception)
            else:
                if distance >= shortest_distance:
                    usable.append(structure)
                else:
                    rejected[structure.uuid] = (
                        f'its atoms overlap: the shortest distance is {distance:.3f} Å, less than '
                        f'{shortest_distance:g} Å'
                    )
            progress(done, len(structures))
    return usable, rejected


def with_energies(
    structures: StructureSetData,
    *,
    potential: str | None,
    protocol: str | None,
    code: orm.AbstractCode | None,
) -> StructureSetData:
    """Return the crystals as they are with energies of a potential, one row for each.

    :param potential: entry-point name; that of the protocol if None.
    :param protocol: of the relaxation, whose potential and limits are used; the default if None.
    :param code: whose executable is crystalgen-run; None evaluates in this process.
    """
    overrides = {'freedom': 'none', **({} if potential is None else {'potential': potential})}
    builder = PotentialRelaxWorkChain.get_builder_from_protocol(
        structures, protocol=protocol, code=code, overrides=overrides
    )
    click.echo(f'evaluating with {builder["potential"].value} …')
    return run_or_submit(builder, 'evaluating').outputs.relaxed


def unrelaxed_prototypes(
    composition: str, *, volume_per_atom: float | None, maximum_atoms: int
) -> CrystalSet:
    """Return the prototypes of a formula, or of each element of a chemical system.

    :param volume_per_atom: in Å³; estimated if None.
    :param maximum_atoms: prototypes with larger primitive cells are left out.
    """
    from aiida_crystalgen.science.crystals import concatenate
    from aiida_crystalgen.science.sources.prototypes import prototypes, typical_volume

    sets = []
    for formula in composition.split('-'):
        volume = volume_per_atom or typical_volume(formula)
        sets.append(prototypes(formula, volume_per_atom=volume, maximum_atoms=maximum_atoms))
        click.echo(f'{len(sets[-1])} prototypes of {formula}, {volume:.2f} Å³ per atom')
    return concatenate(sets)


def relaxed_prototypes(
    crystals: CrystalSet,
    *,
    potential: str | None,
    protocol: str | None,
    code: orm.AbstractCode | None,
) -> tuple[CrystalSet, StructureSetData]:
    """Return prototypes relaxed with a potential: all of them, and the distinct ones as a node.

    :param potential: entry-point name; that of the protocol if None.
    :param protocol: of the relaxation; the default if None.
    :param code: whose executable is crystalgen-run; None relaxes in this process.
    """
    overrides = {} if potential is None else {'potential': potential}
    builder = PotentialRelaxWorkChain.get_builder_from_protocol(
        node_from_crystals(crystals), protocol=protocol, code=code, overrides=overrides
    )
    click.echo(f'relaxing with {builder["potential"].value} …')
    relaxed = run_or_submit(builder, 'relaxing').outputs.relaxed
    settings = protocol_inputs('search')['duplicates']
    distinct = call(deduplicate, structures=relaxed, settings=settings).outputs.distinct
    return crystals_from_node(relaxed), distinct

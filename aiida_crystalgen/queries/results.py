"""What a search returned, as nodes and as the crystals in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from aiida import orm

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.convert import checkpoint_from_node, crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.phases import PhaseRow, phases
from aiida_crystalgen.queries.searches import SearchRow, searches
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.composition import competing_formulas, reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet, concatenate

__all__ = ('SearchResults', 'search_results')


@dataclass(frozen=True)
class SearchResults:
    """What a search was asked and what it returned; a search that failed returned less.

    :param requests: to each generator, by its label.
    :param settings: of the screening and the phases.
    :param outputs: nodes by the labels of their links, records excepted.
    :param training_engine: of the energies that models learned from, empty if nothing says.
    """

    search: SearchRow
    requests: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, orm.Data]
    phases: tuple[PhaseRow, ...]
    training_engine: Mapping[str, Any]

    def crystals(self, name: str) -> CrystalSet | None:
        """Return the crystals of one output, or None if the search did not come that far."""
        node = self.outputs.get(name)
        return crystals_from_node(node) if isinstance(node, StructureSetData) else None

    @cached_property
    def references(self) -> CrystalSet | None:
        """The known crystals with energies of the engine of the search."""
        return self.crystals('references')

    @cached_property
    def relaxed(self) -> CrystalSet | None:
        """The accepted crystals of all rounds after their relaxation."""
        names = [name for name in self.outputs if re.fullmatch(r'rounds__round_\d+__relaxed', name)]
        sets = [self.crystals(name) for name in sorted(names, key=_round_of)]
        return concatenate([one for one in sets if one is not None]) if sets else None

    def proposals(self, generator: str, round_number: int) -> CrystalSet | None:
        """Return what a generator proposed in a round, None if it did not."""
        return self.crystals(f'rounds__round_{round_number}__proposals__{generator}')

    @cached_property
    def checkpoints(self) -> dict[str, Checkpoint]:
        """The model of each generator that learns, by the label of the generator."""
        return {
            name.removeprefix('checkpoints__'): checkpoint_from_node(node)
            for name, node in self.outputs.items()
            if isinstance(node, CheckpointData)
        }

    @cached_property
    def formulas(self) -> tuple[str, ...]:
        """Formulas of the compositions searched for, as `reduced_formulas` gives them.

        Those of a chemical system are the ones that generators have chosen in it.
        """
        asked: list[str] = []
        for request in self.requests.values():
            if '-' in request['composition']:
                chosen = [] if self.relaxed is None else reduced_formulas(self.relaxed).tolist()
                asked.extend(chosen)
            else:
                periodic = request.get('periodic', True)
                units = request['formula_units']
                asked.extend(competing_formulas(request['composition'], units, periodic=periodic))
        return tuple(dict.fromkeys(asked))

    @cached_property
    def _zeros(self) -> dict[str, float]:
        """Energy of the lowest crystal of each composition searched for, in eV/atom."""
        lowest: dict[str, float] = {}
        for crystals in (self.references, self.relaxed):
            if crystals is None or 'energy' not in crystals:
                continue
            mine = crystals.select(self.comparable(crystals))
            for formula, energy in zip(reduced_formulas(mine), mine['energy'], strict=True):
                lowest[formula] = min(lowest.get(formula, np.inf), float(energy))
        return lowest

    def energies_above_lowest(self, crystals: CrystalSet) -> np.ndarray:
        """Return the energies above the lowest crystal of the same composition, in eV/atom.

        :param crystals: `comparable` ones.
        """
        zeros = [self._zeros[formula] for formula in reduced_formulas(crystals).tolist()]
        return crystals['energy'] - np.array(zeros, dtype=np.float64)

    def comparable(self, crystals: CrystalSet) -> np.ndarray:
        """Return which crystals are physical, converged and of a composition searched for."""
        mask = np.isin(reduced_formulas(crystals), self.formulas)
        if 'rejection' in crystals:
            mask &= crystals['rejection'] == ''
        if 'converged' in crystals:
            mask &= crystals['converged']
        return mask


def _round_of(name: str) -> int:
    """Return the number of the round that an output is from."""
    return int(name.split('__')[1].removeprefix('round_'))


def search_results(pk: int) -> SearchResults:
    """Return what a search was asked and what it returned.

    :raises ValueError: if the search has not ended.
    """
    (search,) = searches(pk)
    if not search.has_ended:
        raise ValueError(
            f'search {pk} has not ended; follow it with `aiida-crystalgen search watch {pk}`'
        )
    inputs, outputs = _inputs(pk), _outputs(pk)
    learned = inputs.get('training', outputs.get('references', inputs.get('references')))
    return SearchResults(
        search=search,
        requests={
            name.split('__')[1]: node.get_dict()
            for name, node in inputs.items()
            if isinstance(node, orm.Dict) and name.endswith('__request')
        },
        settings={name: inputs[name].get_dict() for name in ('screening', 'phases')},
        outputs=outputs,
        phases=phases(search=pk).rows,
        training_engine={} if learned is None else learned.facts.get('engine', {}),
    )


def _inputs(search: int) -> dict[str, Any]:
    """Return the inputs of a search by the labels of their links."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': search}, tag='search')
    query.append(orm.Data, with_outgoing='search', edge_project='label', project='*')
    return {label: node for node, label in query.all()}


def _outputs(search: int) -> dict[str, Any]:
    """Return the outputs of a search by the labels of their links, records excepted."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': search}, tag='search')
    query.append(
        orm.Data,
        with_incoming='search',
        edge_filters={'label': {'!like': 'records\\_\\_%'}},
        edge_project='label',
        project='*',
    )
    return {label: node for node, label in query.all()}

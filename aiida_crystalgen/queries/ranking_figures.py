"""Candidates that a model has ranked, of searches and of proposals alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from aiida_crystalgen.queries.results import SearchResults
from aiida_crystalgen.report.ranking import CompoundRanking, ElementConfusion, ElementMap
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.engines import engine_differences, is_emulated
from aiida_crystalgen.science.generators.elements import ComparesElements
from aiida_crystalgen.science.generators.interface import load_generator

__all__ = ('ranking_of_proposals', 'search_rankings')

_LIKELIHOOD = 'log_likelihood'  # column that only ranked proposals have
_ABOVE_HULL = 'above_hull'


def search_rankings(results: SearchResults) -> tuple[CompoundRanking, ...]:
    """Return the candidates of each generator of a search that ranks them.

    A structure that several rounds have proposed counts in the first of them. Energies above the
    hull are those of the engine that relaxed the candidates. What generators with the same model
    know of elements is told once.
    """
    told: set[str] = set()
    rankings = []
    for label, request in results.requests.items():
        proposals = _proposals(results, label)
        if proposals is None:
            continue
        node = results.outputs.get(f'checkpoints__{label}')
        known = {}
        if node is not None and node.uuid not in told:
            told.add(node.uuid)
            known = _knowledge(results.checkpoints[label])
        named = _elements_of(str(request['composition']))
        rankings.append(
            _ranking(label, proposals, named, engine=_engine(results, proposals), **known)
        )
    return tuple(rankings)


def ranking_of_proposals(
    proposals: CrystalSet, composition: str, checkpoint: Checkpoint | None
) -> CompoundRanking | None:
    """Return proposals that were made without a search as a ranking, None if they are not ranked.

    :param composition: that was asked for.
    :param checkpoint: that ranked them, None if there is none.
    """
    if _LIKELIHOOD not in proposals:
        return None
    known = {} if checkpoint is None else _knowledge(checkpoint)
    return _ranking('', _sorted(proposals), _elements_of(composition), **known)


def _proposals(results: SearchResults, label: str) -> CrystalSet | None:
    """Return what a generator has proposed and ranked in all rounds, None if it does not rank."""
    pattern = re.compile(rf'rounds__round_(\d+)__proposals__{re.escape(label)}')
    numbers = sorted(int(match[1]) for match in map(pattern.fullmatch, results.outputs) if match)
    sets = []
    for number in numbers:
        proposals = results.proposals(label, number)
        if proposals is not None and _LIKELIHOOD in proposals:
            above = _above_hull(results, label, number, len(proposals))
            sets.append(proposals.with_columns(above_hull=Column(above, 'eV/atom')))
    return _sorted(_first_of_each(concatenate(sets))) if sets else None


def _engine(results: SearchResults, proposals: CrystalSet) -> str:
    """Return what gave the energies of proposals after their relaxation, empty without any."""
    if results.relaxed is None or not np.isfinite(proposals[_ABOVE_HULL]).any():
        return ''
    facts = results.relaxed.metadata.get('engine', {})
    return f'{facts["name"]}{" (emulated)" if is_emulated(facts) else ""}'


def _above_hull(results: SearchResults, label: str, number: int, length: int) -> np.ndarray:
    """Return the energy above the hull of each proposal of a round, NaN where it is not known.

    :param length: number of the proposals.
    """
    from aiida_crystalgen.science.stability.hull import energies_above_hull

    above = np.full(length, np.nan)
    relaxed = results.crystals(f'rounds__round_{number}__relaxed')
    references = results.references
    if relaxed is None or references is None or 'energy' not in references:
        return above
    engines = [one.metadata.get('engine', {}) for one in (relaxed, references)]
    good = (relaxed['generator'] == label) & (relaxed['rejection'] == '') & relaxed['converged']
    if engine_differences(*engines) or not good.any():
        return above
    mine = relaxed.select(good)
    above[mine['proposal_row']] = energies_above_hull(mine, references)
    return above


def _first_of_each(proposals: CrystalSet) -> CrystalSet:
    """Return the proposals without those whose formula and type one before them has."""
    keys = list(zip(reduced_formulas(proposals), proposals['prototype'], strict=True))
    first = {key: row for row, key in reversed([*enumerate(keys)])}
    return proposals.select(sorted(first.values()))


def _sorted(proposals: CrystalSet) -> CrystalSet:
    """Return the proposals that are no rejected ones, the most likely first."""
    usable = proposals.select(proposals['rejection'] == '')
    return usable.select(np.argsort(-usable[_LIKELIHOOD], kind='stable'))


def _ranking(
    name: str, proposals: CrystalSet, named: Sequence[str], **others: Any
) -> CompoundRanking:
    """Return sorted proposals as a ranking.

    :param named: elements that come first.
    """
    elements, fractions = _fractions(proposals, named)
    has_energies = _ABOVE_HULL in proposals
    above = proposals[_ABOVE_HULL] if has_energies else np.full(len(proposals), np.nan)
    return CompoundRanking(
        name=name,
        elements=elements,
        formulas=tuple(reduced_formulas(proposals).tolist()),
        fractions=fractions,
        log_likelihoods=proposals[_LIKELIHOOD],
        templates=tuple(proposals['template'].tolist()),
        prototypes=tuple(proposals['prototype'].tolist()),
        charge_balanced=proposals['charge_balanced'],
        known=proposals['known_composition'],
        above_hull=above,
        **others,
    )


def _fractions(proposals: CrystalSet, named: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the elements of all proposals, and the fractions of each in each."""
    from ase.data import chemical_symbols

    numbers, element = np.unique(proposals.atomic_numbers, return_inverse=True)
    symbols = [chemical_symbols[number] for number in numbers]
    amounts = np.zeros((len(proposals), len(numbers)))
    np.add.at(amounts, (proposals.crystal_of_atom, element), 1)
    places = [symbols.index(symbol) for symbol in named if symbol in symbols]
    places += [place for place in range(len(symbols)) if place not in places]
    fractions = amounts[:, places] / proposals.counts[:, None]
    return tuple(symbols[place] for place in places), fractions


def _elements_of(composition: str) -> list[str]:
    """Return the symbols of a formula or a chemical system in their order."""
    return re.findall('[A-Z][a-z]?', composition)


def _knowledge(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what a model knows of elements, nothing if its generator does not compare them."""
    from ase.data import chemical_symbols
    from pymatgen.core import Element

    generator = load_generator(checkpoint.method)
    if not isinstance(generator, ComparesElements):
        return {}
    numbers, coordinates = generator.element_map(checkpoint)
    tested, counts = generator.element_confusion(checkpoint)
    found: dict[str, Any] = {
        'element_map': ElementMap(
            symbols=tuple(chemical_symbols[number] for number in numbers),
            blocks=tuple(Element.from_Z(int(number)).block for number in numbers),
            coordinates=coordinates,
        )
    }
    if counts.any():
        symbols = tuple(chemical_symbols[number] for number in tested)
        found['confusion'] = ElementConfusion(symbols, counts)
    return found

"""From chemical systems to the crystals that are most likely in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Int
from pydantic import Field

from aiida_crystalgen.science.characterization.prototype import prototype_label
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.site_network.charges import are_charge_balanced
from aiida_crystalgen.science.generators.site_network.inputs import look_at
from aiida_crystalgen.science.generators.site_network.library import content_hash
from aiida_crystalgen.science.generators.site_network.model import SiteModel, log_likelihoods
from aiida_crystalgen.science.generators.site_network.ranking import Candidates, rank_candidates
from aiida_crystalgen.science.generators.site_network.state import METHOD
from aiida_crystalgen.science.generators.site_network.substitution import (
    TemplateCrystals,
    substituted,
)
from aiida_crystalgen.science.generators.site_network.templates import Templates
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.science.settings import Settings

__all__ = ('ProposingSettings', 'composition_codes', 'describe_templates', 'propose_from')

_MOST_OPEN = 2  # elements: there are some 4000 pairs of others, and a second for every few
_SPARE = 2  # times as many candidates as are wanted are looked at


class ProposingSettings(Settings):
    """How candidates are ranked.

    :param leniency: by which the odds of each element on each site are multiplied before the
        likelihoods of the sites are: 1 for the shares of sites that have the element, 118 for the
        likelihoods of Ryan, Lengyel & Shatruk.
    :param most_assignments: templates with more ways to put the elements on their sites are left
        out.
    """

    leniency: float = Field(gt=0)
    most_assignments: int = Field(gt=0)


def propose_from(
    checkpoint: Checkpoint,
    templates: CrystalSet,
    request: Request,
    *,
    seed: int,
    progress: Progress,
) -> CrystalSet:
    """Return the most likely substitutions into given templates, the most likely first.

    Columns tell the ``template`` (its label), its ``template_row``, the ``prototype`` (label of the
    structure type), ``log_likelihood`` (natural logarithm of the product over inequivalent sites),
    ``charge_balanced`` (whether common oxidation states add up to zero), ``known_composition``
    (whether the training set has the formula), ``requested_space_group`` of the template and
    ``rejection``, which is empty.

    :param templates: crystals whose elements are replaced.
    :param seed: is not used, as nothing is left to chance.
    :raises ValueError: if the checkpoint is of another method, clusters are asked for, more than
        two elements are left open, an element was never seen in the training, or no template has
        room for the elements or the formula.
    """
    model = SiteModel.from_checkpoint(checkpoint)
    settings = ProposingSettings.parse(request.proposing, 'proposing')
    elements, amounts = _wanted(request)
    _require_seen(elements, model)
    others = (np.flatnonzero(model.seen) + 1).tolist()
    systems = _joined_systems(elements, others, request.further_elements)
    described = describe_templates(templates, checkpoint, model, settings.leniency)
    if request.space_groups is not None:
        described = described.of_space_groups(request.space_groups)
    # Templates that differ by the choice of origin alone give doubles, which only labels reveal.
    best, system = _best_candidates(
        described.table, systems, _SPARE * request.candidates, settings, amounts
    )
    progress(len(best), len(best), f'{best.scored} assignments scored')
    crystals = _distinct(
        substituted(described, best, np.array(systems)[system], model),
        request.candidates,
        model.settings.symmetry_tolerance,
    )
    return crystals.with_columns(
        charge_balanced=Column(_balances(crystals)),
        known_composition=Column(
            np.isin(composition_codes(crystals), checkpoint.weights['compositions'])
        ),
    ).with_metadata(
        source={
            'generator': METHOD,
            'seed': seed,
            'request': request.model_dump(mode='json'),
            'templates': len(described.crystals),
            'assignments_scored': best.scored,
            'templates_left_out': best.left_out,
        }
    )


def describe_templates(
    templates: CrystalSet, checkpoint: Checkpoint, model: SiteModel, leniency: float
) -> TemplateCrystals:
    """Return templates with the likelihoods of all elements on their sites.

    Those of the AFLOW library are in the checkpoint, and computed for other templates.

    :param leniency: by which the odds are multiplied.
    :raises ValueError: if a template has no volume, or two of its atoms are at one place.
    """
    inputs = look_at(templates, model.settings.symmetry_tolerance)
    stored = checkpoint.summary.get('templates')
    if stored == content_hash(templates) and len(checkpoint.weights['table']) == len(inputs):
        log_odds = np.asarray(checkpoint.weights['table'])
    else:
        log_odds = model.outputs(inputs).log_odds
    table = Templates.of(inputs.sites, log_likelihoods(log_odds, leniency))
    return TemplateCrystals(templates, inputs.sites, inputs.distances, table)


def composition_codes(crystals: CrystalSet) -> Int[np.ndarray, ' crystals']:
    """Return a number for the reduced formula of each crystal, which hardly two formulas share."""
    formulas, places = np.unique(reduced_formulas(crystals), return_inverse=True)
    codes = np.array([derive_seed(0, 'formula', str(one)) for one in formulas], dtype=np.int64)
    return codes[places]


def _wanted(request: Request) -> tuple[list[int], list[int] | None]:
    """Return the atomic numbers asked for, and how many atoms of each a formula unit has.

    :raises ValueError: if no crystals are asked for, or too much is left open.
    """
    from pymatgen.core import Element

    if not request.periodic:
        raise ValueError(f'{METHOD} proposes crystals; ask another generator for clusters')
    if request.further_elements > _MOST_OPEN:
        raise ValueError(
            f"'composition' is {request.composition}, which leaves {request.further_elements} "
            f'elements open; {METHOD} tries all of at most {_MOST_OPEN}'
        )
    amounts = None if request.is_system else list(request.amounts.values())
    return [Element(name).Z for name in request.elements], amounts


def _require_seen(elements: Sequence[int], model: SiteModel) -> None:
    """Raise if the network has never seen an element."""
    from pymatgen.core import Element

    for number in elements:
        if not model.seen[number - 1]:
            raise ValueError(
                f'the network has never seen {Element.from_Z(number).symbol} on any site, so that '
                'its likelihood is 0 everywhere; leave it out, or train on crystals that have it'
            )


def _distinct(crystals: CrystalSet, wanted: int, tolerance: float) -> CrystalSet:
    """Return the first crystals of different formula or structure type, with their types.

    :param tolerance: of positions in the space group, in Å.
    """
    formulas = reduced_formulas(crystals)
    seen: set[tuple[str, str]] = set()
    rows, labels = [], []
    for row, formula in enumerate(formulas.tolist()):
        label = prototype_label(crystals, row, tolerance) or f'without symmetry, {row}'
        if (formula, label) not in seen:
            seen.add((formula, label))
            rows.append(row)
            labels.append(label)
        if len(rows) == wanted:
            break
    return crystals.select(rows).with_columns(prototype=Column(np.array(labels, dtype=np.str_)))


def _balances(crystals: CrystalSet) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have a formula whose common oxidation states can add up to zero."""
    result = np.zeros(len(crystals), dtype=bool)
    bounds = crystals.offsets
    for row in range(len(crystals)):
        numbers, amounts = np.unique(
            crystals.atomic_numbers[bounds[row] : bounds[row + 1]], return_counts=True
        )
        result[row] = are_charge_balanced(numbers.tolist(), amounts[None])[0]
    return result


def _best_candidates(
    templates: Templates,
    systems: Sequence[Sequence[int]],
    wanted: int,
    settings: ProposingSettings,
    amounts: Sequence[int] | None,
) -> tuple[Candidates, Int[np.ndarray, ' candidates']]:
    """Return the best candidates of several chemical systems, and the number of each one's system.

    :param systems: atomic numbers of their elements.
    :param amounts: of the elements, for a formula of the only system.
    :raises ValueError: if there are none.
    """
    found = [
        rank_candidates(
            templates,
            system,
            wanted,
            most_assignments=settings.most_assignments,
            amounts=amounts,
        )
        for system in systems
    ]
    owners = np.repeat(np.arange(len(found)), [len(one) for one in found])
    scores = np.concatenate([one.scores for one in found])
    best = np.lexsort((owners, -scores))[:wanted]
    merged = Candidates(
        templates=np.concatenate([one.templates for one in found])[best],
        assignments=np.concatenate([one.assignments for one in found])[best],
        scores=scores[best],
        scored=sum(one.scored for one in found),
        left_out=found[0].left_out,
    )
    return merged, owners[best]


def _joined_systems(
    elements: Sequence[int], others: Sequence[int], number: int
) -> list[tuple[int, ...]]:
    """Return the elements with every choice of further ones."""
    free = [one for one in others if one not in elements]
    return [(*elements, *further) for further in combinations(free, number)]

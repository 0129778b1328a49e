"""What would keep Quantum ESPRESSO from running, and what it takes from its family of potentials.

Each problem is one sentence, followed by the command that mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from aiida import orm
from aiida.common.exceptions import NotExistent
from aiida_pseudo.groups.family import PseudoPotentialFamily
from aiida_pseudo.groups.mixins import RecommendedCutoffMixin

from aiida_crystalgen.workflows.code_preflight import code_problems, resource_problems
from aiida_crystalgen.workflows.quantumespresso_settings import QuantumEspressoSettings

__all__ = ('PLUGIN', 'complete_settings', 'pseudo_family', 'quantumespresso_problems')

PLUGIN = 'quantumespresso.pw'


def quantumespresso_problems(
    code: orm.AbstractCode,
    settings: QuantumEspressoSettings,
    elements: Iterable[str],
    options: Mapping[str, Any],
) -> list[str]:
    """Return why pw.x cannot run for structures of these elements, each reason with its remedy.

    :param options: of the jobs.
    """
    if find_spec('aiida_quantumespresso') is None:
        command = "pip install 'aiida-crystalgen[quantumespresso]'"
        return [f'aiida-quantumespresso is not installed. Install it:  {command}']
    return [
        *code_problems(code, PLUGIN),
        *_pseudo_problems(settings, sorted(elements)),
        *resource_problems(code, options),
    ]


def pseudo_family(label: str) -> PseudoPotentialFamily:
    """Return a family of potentials.

    :raises NotExistent: if there is none with this label.
    """
    query = orm.QueryBuilder().append(PseudoPotentialFamily, filters={'label': label})
    found = query.all(flat=True)
    if not found:
        raise NotExistent(label)
    return found[0]


def complete_settings(
    settings: QuantumEspressoSettings, elements: Iterable[str]
) -> QuantumEspressoSettings:
    """Return the settings with a cutoff for every element that may stand in one structure.

    The same cutoffs hold for all structures of a set, whose energies are compared.

    :raises ValueError: if the family recommends none.
    """
    if not settings.needs_cutoffs:
        return settings
    family = pseudo_family(settings.pseudo_family)
    if not isinstance(family, RecommendedCutoffMixin):
        raise ValueError(f"family '{family.label}' recommends no cutoffs")
    wanted = tuple(sorted(elements))
    return settings.with_cutoffs(*family.get_recommended_cutoffs(elements=wanted, unit='Ry'))


def _pseudo_problems(settings: QuantumEspressoSettings, elements: list[str]) -> list[str]:
    """Return which potentials or cutoffs are missing."""
    label = settings.pseudo_family
    try:
        family = pseudo_family(label)
    except NotExistent:
        command = _install_command(label)
        return [f"There is no family of potentials '{label}'. Install it:  {command}"]
    missing = [element for element in elements if element not in family.elements]
    if missing:
        choice = 'pseudo_family: … (aiida-pseudo list)'
        return [
            f"Family '{label}' has no potential for {', '.join(missing)}. Choose another:  {choice}"
        ]
    try:
        complete_settings(settings, elements)
    except ValueError:
        choice = 'parameters: {SYSTEM: {ecutwfc: …, ecutrho: …}}'
        return [
            f"Family '{label}' recommends no cutoffs for these elements. Choose them:  {choice}"
        ]
    return []


def _install_command(label: str) -> str:
    """Return how to get the family of a label, of which aiida-pseudo knows two kinds."""
    match label.split('/'):
        case ['SSSP', version, functional, level]:
            return f'aiida-pseudo install sssp -v {version} -x {functional} -p {level}'
        case ['PseudoDojo', version, functional, relativity, level, form]:
            where = f'-v {version} -x {functional} -r {relativity} -p {level} -f {form}'
            return f'aiida-pseudo install pseudo-dojo {where}'
        case _:
            return f'aiida-pseudo install family … {label} -P pseudo.upf'

"""What would keep VASP from running, found before anything is submitted.

Each problem is one sentence, followed by the command that mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiida import orm

from aiida_crystalgen.workflows.code_preflight import code_problems, resource_problems
from aiida_crystalgen.workflows.vasp_settings import VaspSettings

__all__ = ('PLUGIN', 'potential_titles', 'vasp_problems')

PLUGIN = 'vasp.vasp'
_UPLOAD = 'aiida-vasp potcar uploadfamily --path … --name {family} --description …'


def vasp_problems(
    code: orm.AbstractCode,
    settings: VaspSettings,
    elements: Iterable[str],
    options: Mapping[str, Any],
) -> list[str]:
    """Return why VASP cannot run for structures of these elements, each reason with its remedy.

    :param options: of the jobs.
    """
    return [
        *code_problems(code, PLUGIN),
        *_potential_problems(settings, sorted(elements)),
        *(resource_problems(code, options) or _parallel_problems(code, settings, options)),
    ]


def potential_titles(settings: VaspSettings, elements: Iterable[str]) -> dict[str, str]:
    """Return the title that the POTCAR of each element has in its file.

    :raises NotExistent: if the family has no such potential.
    """
    from aiida_vasp.data.potcar import PotcarData

    wanted = sorted(elements)
    mapping = {one: settings.potential_mapping.get(one, one) for one in wanted}
    found = PotcarData.get_potcars_dict(wanted, settings.potential_family, mapping)
    return {element: potential.title for element, potential in found.items()}


def _potential_problems(settings: VaspSettings, elements: list[str]) -> list[str]:
    """Return which potentials are missing."""
    from aiida_vasp.data.potcar import PotcarData

    family = settings.potential_family
    command = _UPLOAD.format(family=family)
    if PotcarData.get_potcar_group(family) is None:
        return [f"There is no potential family '{family}'. Upload it:  {command}"]
    problems = []
    for element in elements:
        names = sorted(PotcarData.get_full_names(family_name=family, element=element))
        wanted = settings.potential_mapping.get(element, element)
        if wanted in names:
            continue
        if names:
            choice = f'potential_mapping: {{{element}: {names[0]}}}'
            problems.append(
                f"Potential family '{family}' has no potential {wanted} for {element}, but "
                f'{", ".join(names)}. Choose it:  {choice}'
            )
        else:
            problems.append(
                f"Potential family '{family}' has no potential for {element}. Add one:  {command}"
            )
    return problems


def _parallel_problems(
    code: orm.AbstractCode, settings: VaspSettings, options: Mapping[str, Any]
) -> list[str]:
    """Return why VASP could not share its work among the processes.

    :param options: of the jobs, with resources that the scheduler takes.
    """
    if code.computer is None:
        return []
    scheduler = code.computer.get_scheduler()
    resources = dict(options.get('resources') or {})
    scheduler.preprocess_resources(resources, code.computer.get_default_mpiprocs_per_machine())
    processes = scheduler.create_job_resource(**resources).get('tot_num_mpiprocs')
    groups = settings.incar.get('kpar')
    if not isinstance(groups, int) or processes is None or processes % groups == 0:
        return []
    return [
        f'VASP cannot share {processes} processes among KPAR = {groups} groups of k-points. Choose '
        'a divisor:  incar: {kpar: 1}'
    ]

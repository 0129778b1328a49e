"""What would keep VASP from running, found before anything is submitted.

Each problem is one sentence, followed by the command that mends it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from aiida import orm
from aiida.common.exceptions import MultipleObjectsError, NotExistent

from aiida_crystalgen.workflows.vasp_settings import VaspSettings

__all__ = ('load_vasp_code', 'potential_titles', 'vasp_problems')

_PLUGIN = 'vasp.vasp'
_CREATE = (
    'verdi code create core.code.installed --label {label} --computer {computer} '
    f'--default-calc-job-plugin {_PLUGIN} --filepath-executable …'
)
_UPLOAD = 'aiida-vasp potcar uploadfamily --path … --name {family} --description …'


def load_vasp_code(name: str) -> orm.AbstractCode:
    """Return the code of a full label, pk or uuid.

    :raises ValueError: if there is none, or several.
    """
    try:
        return orm.load_code(name)
    except NotExistent:
        label, _, computer = name.partition('@')
        command = _CREATE.format(label=label, computer=computer or '…')
        raise ValueError(f"There is no code '{name}'. Create it:  {command}") from None
    except MultipleObjectsError:
        raise ValueError(
            f"Several codes are called '{name}'. Name one by its pk:  verdi code list"
        ) from None


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
        *_code_problems(code),
        *_potential_problems(settings, sorted(elements)),
        *_resource_problems(code, settings, options),
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


def _code_problems(code: orm.AbstractCode) -> list[str]:
    """Return what is wrong with the code and its computer."""
    name, plugin, computer = code.full_label, code.default_calc_job_plugin, code.computer
    where = computer.label if computer else '…'
    create = _CREATE.format(label=f'{code.label}-vasp', computer=where)
    if plugin != _PLUGIN:
        found = plugin or 'no plugin'
        return [f"Code '{name}' is for {found}, not for {_PLUGIN}. Create one:  {create}"]
    if computer is None or not isinstance(code, orm.InstalledCode):
        return []
    user = orm.User.collection.get_default()
    if user is None or not computer.is_user_configured(user):
        command = f'verdi computer configure {computer.transport_type} {where}'
        return [f"Computer '{where}' of code '{name}' is not configured. Do it:  {command}"]
    if not computer.is_user_enabled(user):
        command = f'verdi computer enable {where} {user.email}'
        return [f"Computer '{where}' of code '{name}' is disabled. Enable it:  {command}"]
    # To ask another machine takes a connection; there a missing executable fails the first jobs.
    executable = str(code.get_executable())
    if computer.transport_type == 'core.local' and shutil.which(executable) is None:
        return [f"Code '{name}' has no executable at '{executable}'. Create one:  {create}"]
    return []


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


def _resource_problems(
    code: orm.AbstractCode, settings: VaspSettings, options: Mapping[str, Any]
) -> list[str]:
    """Return why the scheduler or VASP would not take the resources."""
    computer = code.computer
    if computer is None:
        return []
    scheduler, largest = computer.get_scheduler(), computer.get_default_mpiprocs_per_machine()
    resources = dict(options.get('resources') or {})
    try:
        scheduler.preprocess_resources(resources, largest)
        job = scheduler.create_job_resource(**resources)
    except (TypeError, ValueError) as exception:
        reason = str(exception).rstrip('.')
        return [
            f"Computer '{computer.label}' cannot give the resources {resources}: {reason}. Change "
            'them:  options: {resources: {num_machines: 1, num_mpiprocs_per_machine: 1}}'
        ]
    each = job.get('num_mpiprocs_per_machine')
    if each and largest and each > largest:
        return [
            f"Computer '{computer.label}' has {largest} processes on a machine, fewer than the "
            f'{each} asked for. Change them:  '
            f'options: {{resources: {{num_machines: 1, num_mpiprocs_per_machine: {largest}}}}}'
        ]
    return _parallel_problems(settings, job.get('tot_num_mpiprocs'))


def _parallel_problems(settings: VaspSettings, processes: int | None) -> list[str]:
    """Return why VASP could not share its work among the processes."""
    groups = settings.incar.get('kpar')
    if not isinstance(groups, int) or processes is None or processes % groups == 0:
        return []
    return [
        f'VASP cannot share {processes} processes among KPAR = {groups} groups of k-points. Choose '
        'a divisor:  incar: {kpar: 1}'
    ]

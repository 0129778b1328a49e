"""What is wrong with the code of an engine, or with the resources that its jobs ask for.

Each problem is one sentence, followed by the command that mends it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.common.exceptions import MultipleObjectsError, NotExistent

__all__ = ('code_problems', 'load_engine_code', 'resource_problems')

_CREATE = (
    'verdi code create core.code.installed --label {label} --computer {computer} '
    '--default-calc-job-plugin {plugin} --filepath-executable …'
)


def load_engine_code(name: str, plugin: str) -> orm.AbstractCode:
    """Return the code of a full label, pk or uuid.

    :param plugin: that it is for, as in 'vasp.vasp'.
    :raises ValueError: if there is none, or several.
    """
    try:
        return orm.load_code(name)
    except NotExistent:
        label, _, computer = name.partition('@')
        command = _CREATE.format(label=label, computer=computer or '…', plugin=plugin)
        raise ValueError(f"There is no code '{name}'. Create it:  {command}") from None
    except MultipleObjectsError:
        raise ValueError(
            f"Several codes are called '{name}'. Name one by its pk:  verdi code list"
        ) from None


def code_problems(code: orm.AbstractCode, plugin: str) -> list[str]:
    """Return what is wrong with the code and its computer.

    :param plugin: that the code has to be for, as in 'vasp.vasp'.
    """
    name, computer = code.full_label, code.computer
    where = computer.label if computer else '…'
    label = f'{code.label}-{plugin.partition(".")[0]}'
    create = _CREATE.format(label=label, computer=where, plugin=plugin)
    if code.default_calc_job_plugin != plugin:
        found = code.default_calc_job_plugin or 'no plugin'
        return [f"Code '{name}' is for {found}, not for {plugin}. Create one:  {create}"]
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


def resource_problems(code: orm.AbstractCode, options: Mapping[str, Any]) -> list[str]:
    """Return why the scheduler would not take the resources.

    :param options: of the jobs.
    """
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
    return []

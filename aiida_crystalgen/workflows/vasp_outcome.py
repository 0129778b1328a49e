"""What became of a structure that was given to VASP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiida import orm

__all__ = ('Outcome', 'read_outcome')

# Statuses of VaspCalculation.
_DID_NOT_EXECUTE, _NO_FILE = 333, 352
_DID_NOT_FINISH, _ELECTRONS, _IONS = 700, 701, 702
_NO_QUANTITY, _NO_NODE, _OVERFLOW = 1002, 1004, 1005
# Statuses of the work chains around it.
_ELECTRONS_OF_CHAIN = (503, 505)
_IONS_OF_CHAIN, _RESIDUAL_FORCES = 600, 601

_INCOMPLETE = 'what VASP wrote is not complete'
_REASONS = {
    _DID_NOT_EXECUTE: 'VASP did not run',
    _NO_FILE: 'VASP wrote no vasprun.xml or no OUTCAR',
    _DID_NOT_FINISH: 'VASP did not reach its end',
    _ELECTRONS: 'the electrons did not converge',
    **dict.fromkeys((_NO_QUANTITY, _NO_NODE, _OVERFLOW), _INCOMPLETE),
}


@dataclass(frozen=True)
class Outcome:
    """What one attempt came to.

    :param rejection: why it failed, empty if it did not.
    :param exit_status: of the child, −1 if it has none.
    :param steps: ionic steps of all runs of VASP in it.
    :param electrons_failed: whether it was the electrons that did not converge.
    :param structure: geometry that it reached, None if nothing moved or it reached none.
    :param misc: results of VASP at that geometry, None if energy, forces or stress are missing.
    """

    rejection: str
    exit_status: int
    steps: int
    electrons_failed: bool
    structure: orm.StructureData | None
    misc: orm.Dict | None


def read_outcome(child: orm.ProcessNode) -> Outcome:
    """Return what a finished child of aiida-vasp came to, with the last geometry it reached."""
    runs = _runs(child)
    last = runs[-1] if runs else None
    steps = sum(_ionic_steps(run) for run in runs)
    outputs = _outputs(child)
    if 'misc' not in outputs and last is not None and last.exit_status == _IONS:
        # aiida-vasp gives nothing out when it gives up, but VASP wrote the geometry it came to.
        outputs |= _outputs(last)
    structure = outputs.get('relax__structure', outputs.get('structure'))
    misc = outputs.get('misc')
    if not _is_complete(misc):
        misc = None
    came_through = child.is_finished_ok and misc is not None
    return Outcome(
        rejection='' if came_through else _reason(child, last, steps),
        exit_status=-1 if child.exit_status is None else child.exit_status,
        steps=steps,
        electrons_failed=_electrons_failed(child, last),
        structure=structure,
        misc=misc,
    )


def _runs(child: orm.ProcessNode) -> Sequence[orm.CalcJobNode]:
    """Return all runs of VASP below a child, the last one last."""
    jobs = [node for node in child.called_descendants if isinstance(node, orm.CalcJobNode)]
    return sorted(jobs, key=lambda job: int(job.pk or 0))


def _outputs(node: orm.ProcessNode) -> dict[str, Any]:
    """Return the outputs of a process by their labels."""
    return {link.link_label: link.node for link in node.base.links.get_outgoing().all()}


def _is_complete(misc: orm.Dict | None) -> bool:
    """Return whether there are energy, forces and stress."""
    values = {} if misc is None else misc.get_dict()
    energies = values.get('total_energies') or {}
    return None not in (
        energies.get('energy_extrapolated'),
        values.get('forces'),
        values.get('stress'),
    )


def _ionic_steps(run: orm.CalcJobNode) -> int:
    """Return the number of ionic steps of a run; a run without moves has none."""
    tags: Mapping[str, Any] = run.inputs.parameters.get_dict()
    if int(tags.get('nsw', 0)) <= 0 or 'misc' not in run.outputs:
        return 0
    index = run.outputs.misc.get_dict().get('run_status', {}).get('last_iteration_index')
    return int(index[0]) if index else 0


def _electrons_failed(child: orm.ProcessNode, last: orm.CalcJobNode | None) -> bool:
    """Return whether an attempt failed because the electrons did not converge."""
    if child.is_finished_ok:
        return False
    of_run = last is not None and last.exit_status == _ELECTRONS
    return of_run or child.exit_status in _ELECTRONS_OF_CHAIN


def _reason(child: orm.ProcessNode, last: orm.CalcJobNode | None, steps: int) -> str:
    """Return why an attempt failed, in the words of the process nearest to VASP that failed."""
    if child.is_killed or (last is not None and last.is_killed):
        return 'it was killed'
    if child.exit_status == _RESIDUAL_FORCES:
        return f'forces above the threshold in the last evaluation, after {steps} steps'
    if _electrons_failed(child, last):
        return _REASONS[_ELECTRONS]
    if child.exit_status == _IONS_OF_CHAIN or (last is not None and last.exit_status == _IONS):
        return f'not converged after {steps} steps'
    if last is not None and last.is_finished_ok and not _is_complete(_outputs(last).get('misc')):
        return _INCOMPLETE
    return _last_words(child if last is None or last.is_finished_ok else last)


def _last_words(node: orm.ProcessNode) -> str:
    """Return why a process says it ended."""
    if node.exit_status in _REASONS and isinstance(node, orm.CalcJobNode):
        return _REASONS[node.exit_status]
    if node.is_excepted:
        lines = str(node.exception or '').strip().splitlines()
        return f'{node.process_label} broke off: {lines[-1] if lines else "no reason given"}'
    return f'{node.process_label} ended with status {node.exit_status}: {node.exit_message}'

"""What became of a structure that was given to Quantum ESPRESSO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiida import orm

__all__ = ('EXCEPT_WITH_NEW_BASIS', 'Outcome', 'read_outcome')

# Statuses of PwCalculation and of the work chain around it.
EXCEPT_WITH_NEW_BASIS = 501
_REASONS = {
    **dict.fromkeys((302, 303, 305), 'pw.x did not run, or wrote no results'),
    **dict.fromkeys((410, 510, 511), 'the electrons did not converge'),
    **dict.fromkeys((500, 502, 503, 520, 521), 'not converged after {steps} steps'),
    EXCEPT_WITH_NEW_BASIS: (
        'above the thresholds with the basis set of the relaxed cell, after {steps} steps'
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What one attempt came to.

    :param calculation: of pw.x, as in 'vc-relax', empty if there was no run.
    :param rejection: why it failed, empty if it did not.
    :param exit_status: of the child, −1 if it has none.
    :param steps: ionic steps of all runs of pw.x in it.
    :param structure: geometry that it reached, None if nothing moved or it reached none.
    :param parameters: results of the last run, None if energy, forces or stress are missing.
    :param trajectory: with forces and stress of the last run, None likewise.
    """

    calculation: str
    rejection: str
    exit_status: int
    steps: int
    structure: orm.StructureData | None
    parameters: orm.Dict | None
    trajectory: orm.ArrayData | None


def read_outcome(child: orm.ProcessNode) -> Outcome:
    """Return what a finished child of aiida-quantumespresso came to, with its last geometry."""
    jobs = [node for node in child.called_descendants if isinstance(node, orm.CalcJobNode)]
    runs = sorted(jobs, key=lambda job: int(job.pk or 0))
    last = runs[-1] if runs else None
    outputs = _outputs(last) if last else {}
    parameters, trajectory = outputs.get('output_parameters'), outputs.get('output_trajectory')
    if not _is_complete(parameters, trajectory):
        parameters = trajectory = None
    steps = sum(_ionic_steps(run) for run in runs)
    came_through = child.is_finished_ok and parameters is not None
    return Outcome(
        calculation=_calculation(last) if last else '',
        rejection='' if came_through else _reason(child, last, steps),
        exit_status=-1 if child.exit_status is None else child.exit_status,
        steps=steps,
        structure=outputs.get('output_structure'),
        parameters=parameters,
        trajectory=trajectory,
    )


def _outputs(node: orm.ProcessNode) -> dict[str, Any]:
    """Return the outputs of a process by their labels."""
    return {link.link_label: link.node for link in node.base.links.get_outgoing().all()}


def _calculation(run: orm.CalcJobNode) -> str:
    """Return what kind of calculation a run was."""
    return str(run.inputs.parameters['CONTROL']['calculation'])


def _is_complete(parameters: orm.Dict | None, trajectory: orm.ArrayData | None) -> bool:
    """Return whether there are energy, forces and stress."""
    if parameters is None or trajectory is None:
        return False
    names = trajectory.get_arraynames()
    return 'energy' in parameters.get_dict() and {'forces', 'stress'} <= {*names}


def _ionic_steps(run: orm.CalcJobNode) -> int:
    """Return the number of ionic steps of a run; a run without moves has none."""
    if _calculation(run) == 'scf' or 'output_parameters' not in run.outputs:
        return 0
    return int(run.outputs.output_parameters.get_dict().get('number_ionic_steps', 0))


def _reason(child: orm.ProcessNode, last: orm.CalcJobNode | None, steps: int) -> str:
    """Return why an attempt failed, in the words of the process nearest to pw.x that failed."""
    if child.is_killed or (last is not None and last.is_killed):
        return 'it was killed'
    status = last.exit_status if last is not None else child.exit_status
    if status in _REASONS:
        return _REASONS[status].format(steps=steps)
    if last is not None and last.is_finished_ok:
        return 'what pw.x wrote is not complete'
    return _last_words(child if last is None else last)


def _last_words(node: orm.ProcessNode) -> str:
    """Return why a process says it ended."""
    if node.is_excepted:
        lines = str(node.exception or '').strip().splitlines()
        return f'{node.process_label} broke off: {lines[-1] if lines else "no reason given"}'
    return f'{node.process_label} ended with status {node.exit_status}: {node.exit_message}'

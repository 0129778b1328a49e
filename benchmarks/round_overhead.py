"""What a round takes beyond its jobs: screening, comparison, records, and AiiDA.

The jobs are those that would run on a computer: training, proposing and relaxing. A classical
potential makes them as short as they can be; the potential that searches take by default shows what
a user sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import look_often, temporary_profile

if TYPE_CHECKING:
    from aiida.orm import ProcessNode

__all__ = ('CLAIMS',)

_CASES = (('stillinger-weber', 1_000), ('7net-0', 1_000))  # potential, crystals relaxed
_GOAL = 0.1
_JOBS = ('train', 'propose', 'relax')


def _measure(_: Context) -> list[Measurement]:
    """Return the seconds of a round beyond its jobs, over those of its jobs, by potential."""
    return [_overhead(potential, number) for potential, number in _CASES]


def _overhead(potential: str, number: int) -> Measurement:
    """Return the measurement of one round."""
    with temporary_profile():
        look_often()
        of_round = _finished_round(potential, number)
        children = {label: _seconds(node) for label, node in _called(of_round).items()}
        relaxed, phases = (of_round.outputs[name].number for name in ('relaxed', 'phases'))
        wall = _seconds(of_round)
    jobs = sum(taken for label, taken in children.items() if label.split('_')[0] in _JOBS)
    parts = ', '.join(f'{label} {taken:.1f} s' for label, taken in children.items())
    rest = wall - sum(children.values())
    return Measurement(
        ours=(wall - jobs) / jobs,
        peer=None,
        ratio=None,
        holds=wall - jobs <= _GOAL * jobs,
        note=f'silicon, {relaxed} crystals of eight atoms relaxed with {potential} in one process, '
        f'{phases} phases; round {wall:.1f} s, jobs {jobs:.1f} s; {parts}, the work chain itself '
        f'{rest:.1f} s; SQLite',
    )


def _finished_round(potential: str, number: int) -> ProcessNode:
    """Return the only round of a search that ran in this process.

    :param number: of crystals that are relaxed.
    :raises RuntimeError: if the search failed.
    """
    from aiida.engine import run_get_node
    from aiida.plugins import WorkflowFactory

    from aiida_crystalgen.data.convert import node_from_crystals
    from aiida_crystalgen.data.groups import add_dataset
    from aiida_crystalgen.science.sources.prototypes import prototypes

    known = prototypes('Si', volume_per_atom=20.4, maximum_atoms=8)
    add_dataset(node_from_crystals(known), 'silicon')
    overrides: dict[str, Any] = {
        'formula_units': [8],
        'cell': 'primitive',
        'candidates': 2 * number,
        'generators': [{'method': 'random_symmetric'}],
        'screening': {'similar_to': [], 'limit': number},
        'relax': {'potential': potential, 'processes': 1},
        'seed': 1,
    }
    builder = WorkflowFactory('crystalgen.search').get_builder_from_protocol(
        'Si', 'silicon', protocol='fast', overrides=overrides
    )
    _, search = run_get_node(builder)
    if not search.is_finished_ok:
        raise RuntimeError(f'the search ended with {search.exit_message}')
    return _called(search)['round_1']


def _called(node: ProcessNode) -> dict[str, ProcessNode]:
    """Return the children of a process by the labels of their links."""
    from aiida.common.links import LinkType

    links = node.base.links.get_outgoing(link_type=(LinkType.CALL_CALC, LinkType.CALL_WORK)).all()
    return {link.link_label: link.node for link in links}


def _seconds(node: ProcessNode) -> float:
    """Return how long a process that has ended took."""
    return (node.mtime - node.ctime).total_seconds()


CLAIMS = (
    Claim(
        id='round-overhead',
        summary='wall time of a round of 1 000 relaxed crystals beyond its jobs, over theirs',
        goal=f'≤ {_GOAL:g}',
        unit='of the jobs',
        measure=_measure,
    ),
)

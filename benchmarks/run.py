"""Run claims: ``python benchmarks/run.py --list``, ``python benchmarks/run.py rdf pearson``.

Prints for each measurement ours, the peer's figure, their ratio, the goal and whether it holds.
The exit status is 0 whether or not the claims hold, and 2 for an unknown claim.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if __package__ in {None, ''}:  # run as a script: its folder would shadow modules of its names
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.claims import Claim, Context, Measurement, calibrate, pin_threads

__all__ = ('MODULES', 'load_claim', 'main', 'run_claim')

# Where each claim is made. Only the modules of the claims asked for are imported.
MODULES = {
    'random-si8': 'benchmarks.random_crystals',
    'random-snse24': 'benchmarks.random_crystals',
    'rdf': 'benchmarks.rdf',
    'acsf': 'benchmarks.acsf',
    'acsf-scaling': 'benchmarks.acsf',
    'reconstruct': 'benchmarks.reconstruct',
    'reconstruct-time': 'benchmarks.reconstruct',
    'reconstruct-cell': 'benchmarks.reconstruct',
    'pearson': 'benchmarks.pearson',
    'duplicates': 'benchmarks.duplicates',
    'relax-si8': 'benchmarks.relaxation',
    'store': 'benchmarks.storage',
    'lee-chang-silicon': 'benchmarks.lee_chang',
    'fung-pt10': 'benchmarks.fung_pt10',
    'hull-agreement': 'benchmarks.hull_agreement',
    'throttle': 'benchmarks.throttle',
    'emulator-agreement': 'benchmarks.emulator_agreement',
    'elastic-agreement': 'benchmarks.elastic_agreement',
    'phonon-agreement': 'benchmarks.phonon_agreement',
    'phonon-verdicts': 'benchmarks.phonon_verdicts',
    'workflow-overhead': 'benchmarks.workflow_overhead',
    'archive': 'benchmarks.archive',
    'query-20k': 'benchmarks.query_20k',
    'status-100k': 'benchmarks.status_100k',
    'round-overhead': 'benchmarks.round_overhead',
    'search-memory': 'benchmarks.search_memory',
    'rank': 'benchmarks.site_ranking',
    'rank-system': 'benchmarks.site_ranking',
    'site-fingerprints': 'benchmarks.site_fingerprints',
    'site-error': 'benchmarks.ryan',
    'ryan-test1': 'benchmarks.ryan',
    'ryan-test2': 'benchmarks.ryan',
    'ryan-mnge': 'benchmarks.ryan',
    'multigraph': 'benchmarks.multigraph',
    'score-sampling': 'benchmarks.score',
    'group-kept': 'benchmarks.score',
    'formula-kept': 'benchmarks.score',
    'valid': 'benchmarks.score',
    'csp-mp20': 'benchmarks.csp',
    'sultanov-table1': 'benchmarks.sultanov',
    'sultanov-table2': 'benchmarks.sultanov_recovery',
    'sultanov-table3': 'benchmarks.sultanov_hulls',
    'metrics': 'benchmarks.metrics',
}


def load_claim(name: str) -> Claim:
    """Return the claim of this id.

    :raises ImportError: if its module is missing or does not make this claim.
    """
    module = importlib.import_module(MODULES[name])
    for claim in module.CLAIMS:
        if claim.id == name:
            return claim
    raise ImportError(f"{MODULES[name]} makes no claim '{name}'")


def run_claim(claim: Claim, context: Context) -> list[dict[str, Any]]:
    """Return the measurements of a claim as JSON objects."""
    return [_as_object(claim, measurement) for measurement in claim.measure(context)]


def _as_object(claim: Claim, measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as a JSON object."""
    return {
        'id': claim.id,
        'ours': measurement.ours,
        'peer': measurement.peer,
        'ratio': measurement.ratio,
        'goal': measurement.goal or claim.goal,
        'holds': measurement.holds,
        'unit': claim.unit,
        'note': measurement.note,
    }


def _measured(name: str, context: Context) -> list[dict[str, Any]]:
    """Return the measurements of a claim, or one that says why it cannot be loaded."""
    try:
        claim = load_claim(name)
    except ImportError as exception:
        failed = Measurement(None, None, None, None, f'the claim cannot be loaded: {exception}')
        return [_as_object(Claim(name, '', '', '', lambda _: []), failed)]
    return run_claim(claim, context)


def _line(record: dict[str, Any]) -> str:
    """Return a measurement as two lines of text."""
    ours, peer, ratio = (
        'missing' if record[key] is None else f'{record[key]:.4g}'
        for key in ('ours', 'peer', 'ratio')
    )
    verdict = {True: 'holds', False: 'DOES NOT HOLD', None: 'not decided'}[record['holds']]
    return (
        f'{record["id"]}: ours {ours}, peer {peer} {record["unit"]}; ratio {ratio}, '
        f'goal {record["goal"]}: {verdict}\n    {record["note"]}'
    )


def _described(name: str) -> str:
    """Return what a claim says, in one line."""
    try:
        claim = load_claim(name)
    except ImportError as exception:
        return f'{name:18} cannot be loaded: {exception}'
    return f'{name:18} {claim.summary} (goal {claim.goal}; {claim.unit})'


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Measure claims beside their peers, on one core.')
    parser.add_argument('ids', nargs='*', metavar='ID', help='claims to measure')
    parser.add_argument('--list', action='store_true', help='name the claims')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the measurements here')
    parser.add_argument('--peer-path', type=Path, metavar='DIR', help='folder with more peers')
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        print('\n'.join(_described(name) for name in MODULES))
        return 0
    if not options.ids:
        parser.error(f'name at least one claim of {", ".join(MODULES)}')
    unknown = [name for name in options.ids if name not in MODULES]
    if unknown:
        parser.error(f"unknown claim '{unknown[0]}'; there are {', '.join(MODULES)}")
    pin_threads()
    print(f'calibration: {calibrate()}', flush=True)
    context = Context(peer_path=options.peer_path)
    records: list[dict[str, Any]] = []
    for name in options.ids:
        found = _measured(name, context)
        records.extend(found)
        for record in found:
            print(_line(record), flush=True)
        if options.json is not None:  # after every claim, so that a later failure loses nothing
            content = json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False)
            options.json.write_text(content + '\n', encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())

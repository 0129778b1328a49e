"""What the numbers of Quantum ESPRESSO come from: version, functional, settings behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiida_crystalgen.workflows.quantumespresso_outcome import Outcome
from aiida_crystalgen.workflows.quantumespresso_preflight import pseudo_family
from aiida_crystalgen.workflows.quantumespresso_settings import QuantumEspressoSettings

__all__ = ('quantumespresso_engine',)


def quantumespresso_engine(
    settings: QuantumEspressoSettings, elements: Iterable[str], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """Return name, version and functional of the engine, and all that its energies depend on.

    :param settings: with cutoffs.
    :param outcomes: of the runs.
    """
    results = [one.parameters.get_dict() for one in outcomes if one.parameters is not None]
    last = results[-1] if results else {}
    family = pseudo_family(settings.pseudo_family)
    pseudos = {element: family.get_pseudo(element) for element in sorted(elements)}
    return {
        'name': 'quantumespresso',
        'package': 'quantumespresso',
        'version': str(last.get('creator_version', '')),
        'functional': str(last.get('dft_exchange_correlation', 'unknown')),
        'fingerprint': settings.fingerprint,
        'settings': {
            'parameters': settings.given_parameters,
            'kpoints_spacing': settings.kpoints_spacing,
            'kpoints_mesh': settings.kpoints_mesh and list(settings.kpoints_mesh),
            'pseudo_family': settings.pseudo_family,
            'potentials': {
                element: f'{pseudo.filename} {pseudo.md5}' for element, pseudo in pseudos.items()
            },
        },
    }

"""CHGNet, a charge-informed graph network: fast, but only good enough to sort out the worst."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from ase.units import GPa

from aiida_crystalgen.science.clusters import in_boxes
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.potentials.interface import Evaluation
from aiida_crystalgen.science.structures import to_structures

__all__ = ('Chgnet',)

_LAST_ELEMENT = 94  # plutonium: its embedding has no rows for elements beyond


class Chgnet:
    """CHGNet on one thread of the processor, in single precision.

    Deng et al., Nature Machine Intelligence 5, 1031 (2023), doi:10.1038/s42256-023-00716-3.

    :raises ValueError: if its package is not installed.
    """

    def __init__(self, name: str) -> None:
        if find_spec('chgnet') is None:
            raise ValueError(
                f"the potential '{name}' needs the package chgnet: "
                "python -m pip install 'aiida-crystalgen[chgnet]'"
            )
        self.name = name
        self.engine = {
            'name': name,
            'package': 'chgnet',
            'version': version('chgnet'),
            'functional': 'PBE with MP2020 corrections',
        }

    @cached_property
    def _model(self) -> Any:
        """The network; loaded when it is used, which is elsewhere if processes share the work."""
        return _load_model()

    def evaluate(self, crystals: CrystalSet) -> Evaluation:
        """Return energies, forces and stresses of all crystals in one batch.

        :raises ValueError: if the potential does not know an element; the message names it.
        """
        heaviest = int(crystals.atomic_numbers.max(initial=0))
        if heaviest > _LAST_ELEMENT:
            raise ValueError(
                f"the potential '{self.name}' does not know the element "
                f'{chemical_symbols[heaviest]}, only those up to {chemical_symbols[_LAST_ELEMENT]}'
            )
        if len(crystals) == 0:
            return Evaluation(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3, 3)))
        with single_threaded(), warnings.catch_warnings():
            # chgnet collects the volumes of strained cells as plain numbers.
            warnings.filterwarnings('ignore', 'Converting a tensor with requires_grad', UserWarning)
            graphs = [
                self._model.graph_converter(one) for one in to_structures(_repeated(crystals))
            ]
            results = self._model.predict_graph(graphs, task='efs', batch_size=len(graphs))
        if len(crystals) == 1:
            results = [results]
        per_atom = np.array([float(one['e']) for one in results])
        return Evaluation(
            energies=per_atom * crystals.counts,
            forces=np.concatenate([one['f'] for one in results]).astype(np.float64),
            stresses=np.array([one['s'] for one in results], dtype=np.float64) * GPa,
        )


def _repeated(crystals: CrystalSet) -> CrystalSet:
    """Return crystals as they are, and clusters in cells too wide for images to see each other."""
    return crystals if crystals.periodic else replace(in_boxes(crystals, anew=True), periodic=True)


def _load_model() -> Any:
    """Return the network with the weights that come inside its package."""
    from chgnet.model import CHGNet

    with redirect_stdout(io.StringIO()):  # it prints its size, verbose or not
        model = CHGNet.load(use_device='cpu', verbose=False)
    # A crystal that flies apart is for the relaxation to judge, not a reason to lose all others.
    model.graph_converter.set_isolated_atom_response('ignore')
    return model

"""SevenNet, an equivariant graph network, with the weights that come inside its package."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from ase.data import chemical_symbols
from jaxtyping import Float, Int
from matscipy.neighbours import neighbour_list
from torch import Tensor

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.potentials.convolution import BlockedConvolution, RowwiseReadout
from aiida_crystalgen.science.potentials.interface import Evaluation

with warnings.catch_warnings():
    # sevenn compiles an activation while it is imported, by a function that torch will drop.
    warnings.filterwarnings('ignore', '`torch.jit.script` is deprecated', DeprecationWarning)
    import sevenn._keys as key
    from sevenn.nn.sequential import AtomGraphSequential
    from sevenn.util import load_checkpoint

__all__ = ('SevenNet',)

# All three models were trained on energies of this functional; 7net-mf-0 on r2SCAN as well.
_FUNCTIONAL = 'PBE'

# How a crystal's numbers are rounded must not depend on what is evaluated with it. But matrix
# products of fewer than 4 rows take other kernels than larger ones, and torch's loops take two
# vector registers at a time and what is left by other functions. So a filler follows the crystals:
# atoms far from everything, with as many edges as complete the last stride.
_FILLER_ATOMS = 4
_STRIDE = 32  # single-precision numbers in the two largest registers

_HIDDEN = 'reduce_input_to_hidden'  # the first part of the readout, which is linear
_READOUT = 'reduce_hidden_to_energy'


class SevenNet:
    """A SevenNet potential on one thread of the processor, in single precision.

    Park, Kim, Hwang and Han, J. Chem. Theory Comput. 20, 4857 (2024), doi:10.1021/acs.jctc.4c00190.

    :param name: '7net-0', '7net-l3i5' or '7net-mf-0'.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.engine = {
            'name': name,
            'package': 'sevenn',
            'version': version('sevenn'),
            'functional': _FUNCTIONAL,
        }

    @cached_property
    def _model(self) -> Any:
        """The network; loaded when it is used, which is elsewhere if processes share the work."""
        return _load_model(self.name)

    @cached_property
    def _layers(self) -> Any:
        """The network without its readout, with the same weights."""
        parts = list(self._model.named_children())
        readout = next(place for place, (part, _) in enumerate(parts) if part == _HIDDEN)
        return AtomGraphSequential(
            OrderedDict(parts[:readout]), cutoff=self._model.cutoff, type_map=self._model.type_map
        )

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers of the elements that the model was trained for."""
        return frozenset(self._model.type_map)

    def evaluate(self, crystals: CrystalSet) -> Evaluation:
        """Return energies, forces and stresses of all crystals, evaluated as one graph.

        A crystal gets the same values, bit for bit, whatever others are evaluated with it.

        :raises ValueError: if the potential does not know an element; the message names it.
        """
        self._refuse_unknown_elements(crystals)
        if len(crystals) == 0:
            return Evaluation(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3, 3)))
        with single_threaded():
            result = self._model(self._graph(crystals))
        return Evaluation(
            energies=_to_numpy(result[key.PRED_TOTAL_ENERGY])[:-1],
            forces=_to_numpy(result[key.PRED_FORCE])[:-_FILLER_ATOMS],
            # sevenn gives the negative of dE/dε / V.
            stresses=-_to_matrices(_to_numpy(result[key.PRED_STRESS])[:-1]),
        )

    def activations(self, crystals: CrystalSet) -> Float[np.ndarray, 'atoms features']:
        """Return the scalars that the network gives its readout for each atom, in its own unit.

        The energy of an atom of an element is a linear function of them. All crystals are one
        graph, and each gets the same values, bit for bit, whatever others are in it.

        :raises ValueError: if the potential does not know an element; the message names it.
        """
        self._refuse_unknown_elements(crystals)
        if len(crystals) == 0:
            return np.zeros((0, self._layers[-1].gate.irreps_out.dim))
        with single_threaded(), torch.no_grad():
            result = self._layers(self._graph(crystals))
        return _to_numpy(result[key.NODE_FEATURE])[:-_FILLER_ATOMS]

    def _refuse_unknown_elements(self, crystals: CrystalSet) -> None:
        """Raise if the model was not trained for an element of the crystals."""
        known = self.elements
        unknown = [
            chemical_symbols[number]
            for number in np.unique(crystals.atomic_numbers)
            if number not in known
        ]
        if unknown:
            raise ValueError(
                f"the potential '{self.name}' does not know the element {unknown[0]}, only "
                f'{len(known)} others; leave such crystals out'
            )

    def _graph(self, crystals: CrystalSet) -> dict[str, Tensor]:
        """Return the crystals and the filler as one graph, with edges up to the cut-off."""
        filler = np.full(_FILLER_ATOMS, crystals.atomic_numbers[0])
        numbers = np.concatenate([crystals.atomic_numbers, filler]).astype(np.int64)
        counts = np.append(crystals.counts, _FILLER_ATOMS).astype(np.int64)
        pairs, vectors = _edges(crystals, self._model.cutoff)
        graph = {
            key.ATOMIC_NUMBERS: torch.from_numpy(numbers),
            key.NODE_FEATURE: torch.from_numpy(numbers),
            key.EDGE_IDX: torch.from_numpy(pairs),
            key.EDGE_VEC: torch.from_numpy(vectors.astype(np.float32)),
            key.CELL_VOLUME: torch.from_numpy(np.append(crystals.volumes, 1.0).astype(np.float32)),
            key.NUM_ATOMS: torch.from_numpy(counts),
            key.BATCH: torch.from_numpy(np.repeat(np.arange(len(counts)), counts)),
        }
        if self._model.modal_map:
            functional = self._model.modal_map[_FUNCTIONAL]
            graph[key.MODAL_TYPE] = torch.full((len(counts),), functional)
        return graph


def _load_model(name: str) -> Any:
    """Return the network of this name, ready for batches and without gradients of its weights."""
    model = load_checkpoint(name).build_model()
    model.set_is_batch_data(True)
    model.eval_modal_map = False  # the graph holds the number of the functional itself
    for part, module in model.named_children():
        if part.endswith('_convolution'):
            model.replace_module(part, BlockedConvolution(module))
    model.replace_module(_READOUT, RowwiseReadout(model.get_submodule(_READOUT)))
    return model.eval().requires_grad_(False)


def _edges(
    crystals: CrystalSet, cutoff: float
) -> tuple[Int[np.ndarray, '2 edges'], Float[np.ndarray, 'edges 3']]:
    """Return all pairs of atoms within the cut-off in Å, images included, and their vectors.

    The edges of the filler, one cut-off long, are the last ones.
    """
    positions = crystals.cartesian_coordinates
    starts = crystals.offsets
    periodic = (crystals.periodic,) * 3
    pairs, vectors = [], []
    for row, lattice in enumerate(crystals.lattices):
        atoms = slice(starts[row], starts[row + 1])
        # A crystal of 8 atoms takes 0.04 ms, a hundredth of what the network takes for it.
        first, second, between = neighbour_list(
            'ijD', positions=positions[atoms], cell=lattice, pbc=periodic, cutoff=cutoff
        )
        pairs.append(np.stack([first, second]).astype(np.int64) + starts[row])
        vectors.append(between)
    missing = _STRIDE - sum(len(one) for one in vectors) % _STRIDE
    pairs.append(np.full((2, missing), starts[-1]))
    vectors.append(np.tile([cutoff, 0.0, 0.0], (missing, 1)))
    return np.concatenate(pairs, axis=1), np.concatenate(vectors)


def _to_numpy(tensor: Tensor) -> Float[np.ndarray, '*shape']:
    """Return the values in double precision."""
    return tensor.detach().numpy().astype(np.float64)


def _to_matrices(
    components: Float[np.ndarray, 'crystals 6'],
) -> Float[np.ndarray, 'crystals 3 3']:
    """Return symmetric matrices of components in sevenn's order xx, yy, zz, xy, yz, zx."""
    xx, yy, zz, xy, yz, zx = components.T
    return np.stack([xx, xy, zx, xy, yy, yz, zx, yz, zz], axis=1).reshape(-1, 3, 3)

"""A network that is being trained, as arrays and back, so that a training can go on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

__all__ = ('optimization_arrays', 'restore_optimization')

_NETWORK, _OPTIMIZER = 'network.', 'optimizer.'


def optimization_arrays(
    network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, np.ndarray]:
    """Return copies of the weights of a network and of the moments of its optimiser."""
    arrays = {}
    for name, tensor in network.state_dict().items():
        arrays[_NETWORK + name] = tensor.cpu().numpy().copy()
    for parameter, moments in optimizer.state_dict()['state'].items():
        for name, tensor in moments.items():
            arrays[f'{_OPTIMIZER}{parameter}.{name}'] = tensor.cpu().numpy().copy()
    return arrays


def restore_optimization(
    network: nn.Module, optimizer: torch.optim.Optimizer, arrays: Mapping[str, np.ndarray]
) -> None:
    """Give network and optimiser what ``optimization_arrays`` returned.

    :param arrays: may have others as well.
    """
    network.load_state_dict(_tensors_below(_NETWORK, arrays))
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in _tensors_below(_OPTIMIZER, arrays).items():
        parameter, moment = name.split('.')
        moments.setdefault(int(parameter), {})[moment] = tensor
    groups = optimizer.state_dict()['param_groups']
    optimizer.load_state_dict({'state': moments, 'param_groups': groups})


def _tensors_below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Return the arrays whose names begin with a prefix, as tensors named without it."""
    # Arrays that were read from a file may be read-only, which torch warns of.
    return {
        name.removeprefix(prefix): torch.from_numpy(np.array(array))
        for name, array in arrays.items()
        if name.startswith(prefix)
    }

"""Laws of the blocked convolution."""

import pytest
import torch
from e3nn.o3 import Irreps, TensorProduct

from aiida_crystalgen.science.potentials import convolution
from aiida_crystalgen.science.potentials.convolution import BlockedConvolution, RowwiseReadout
from aiida_crystalgen.science.potentials.sevennet import SevenNet
from sevenn.nn.convolution import IrrepsConvolution
from sevenn.nn.linear import IrrepsLinear

EDGES, ATOMS = 300, 10
KEYS = {'data_key_x': 'x', 'data_key_filter': 'filter', 'data_key_weight_input': 'basis'}


@pytest.fixture(params=['8x0e', '8x0e+4x1e', '8x0e+4x1o+2x2e+2x3o'])
def original(request):
    """Return a convolution of sevenn for features of one of these kinds."""
    inputs = Irreps(request.param)
    filters = Irreps.spherical_harmonics(3, p=-1 if 'o' in request.param else 1)
    torch.manual_seed(0)
    result = IrrepsConvolution(
        inputs, filters, inputs, [8, 16], torch.nn.functional.silu, 3.0, **KEYS,
        data_key_edge_idx='edges', lazy_layer_instantiate=False,
    )  # fmt: skip
    return result.double()


@pytest.fixture
def graph(original):
    """Return a function that makes the same random graph each time."""

    def build():
        generator = torch.Generator().manual_seed(1)
        product = original.convolution

        def normal(*shape):
            return torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)

        return {
            'x': normal(ATOMS, product.irreps_in1.dim),
            'filter': normal(EDGES, product.irreps_in2.dim),
            'basis': normal(EDGES, 8),
            'edges': torch.randint(ATOMS, (2, EDGES), generator=generator),
        }

    return build

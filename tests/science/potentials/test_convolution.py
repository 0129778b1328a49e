"""Laws of the blocked convolution."""

import pytest
import torch
from e3nn.o3 import Irreps, TensorProduct

from aiida_crystalgen.science.potentials import convolution, sevennet
from aiida_crystalgen.science.potentials.convolution import BlockedConvolution, RowwiseReadout

EDGES, ATOMS = 300, 10


@pytest.fixture(params=['8x0e', '8x0e+4x1e', '8x0e+4x1o+2x2e+2x3o'])
def original(request):
    """Return a convolution of sevenn for features of one of these kinds."""
    from sevenn.nn.convolution import IrrepsConvolution

    assert sevennet.SevenNet  # sevenn is imported there, without its warnings
    inputs = Irreps(request.param)
    filters = Irreps.spherical_harmonics(3, p=-1 if 'o' in request.param else 1)
    torch.manual_seed(0)
    layer = IrrepsConvolution(
        inputs,
        filters,
        inputs,
        [8, 16],
        torch.nn.functional.silu,
        3.0,
        lazy_layer_instantiate=False,
    )
    return layer.requires_grad_(False)


@pytest.fixture
def run(original):
    """Return a function that gives a convolution's output and gradients for one random graph."""

    def evaluate(layer):
        generator = torch.Generator().manual_seed(1)
        product = original.convolution
        widths = {'x': product.irreps_in1.dim, 'edge_attr': product.irreps_in2.dim}
        graph = {'edge_index': torch.randint(ATOMS, (2, EDGES), generator=generator)}
        for key, width in {**widths, 'edge_embedding': 8}.items():
            rows = ATOMS if key == 'x' else EDGES
            graph[key] = torch.randn(rows, width, generator=generator).requires_grad_()
        inputs = [graph[key] for key in ('x', 'edge_attr', 'edge_embedding')]
        result = layer(graph)['x']
        probe = torch.randn(result.shape, generator=generator)
        return result, *torch.autograd.grad((result * probe).sum(), inputs)

    return evaluate


def test_it_is_that_of_sevenn(original, run):
    """Messages and their derivatives by features, filters and basis are the original's."""
    for ours, theirs in zip(run(BlockedConvolution(original)), run(original), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_blocks_make_no_difference(original, run, monkeypatch):
    """Blocks of any size give the same sums."""
    whole = run(BlockedConvolution(original))
    monkeypatch.setattr(convolution, '_BLOCK', 64)
    for block, one in zip(run(BlockedConvolution(original)), whole, strict=True):
        torch.testing.assert_close(block, one, rtol=1e-5, atol=1e-5)


def test_other_products_are_refused():
    """A tensor product of another kind is not silently computed wrongly."""
    layer = torch.nn.Module()
    layer.convolution = TensorProduct('2x0e', '1x0e', '2x0e', [(0, 0, 0, 'uvw', True)])
    with pytest.raises(ValueError, match='is not uvu with weights'):
        BlockedConvolution(layer)


def test_the_readout_is_linear_and_row_by_row():
    """A row's energy is the original's, and has the same bits whatever rows there are."""
    from sevenn.nn.linear import IrrepsLinear

    torch.manual_seed(0)
    original = IrrepsLinear(
        Irreps('64x0e'), Irreps('1x0e'), 'x', 'energy', lazy_layer_instantiate=False
    )
    hidden = torch.randn(37, 64)
    ours = RowwiseReadout(original)({'x': hidden})['energy']
    torch.testing.assert_close(ours, original({'x': hidden})['energy'].detach())
    for row in range(37):
        assert RowwiseReadout(original)({'x': hidden[row : row + 1]})['energy'] == ours[row]

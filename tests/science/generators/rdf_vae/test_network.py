"""Tests of `aiida_crystalgen.science.generators.rdf_vae.network`."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy

from aiida_crystalgen.science.generators.rdf_vae.network import (
    Autoencoder,
    divergence,
    reconstruction_loss,
)


def initialized(*layers, seed=0) -> Autoencoder:
    """Return a network with weights drawn from this seed."""
    network = Autoencoder(*layers)
    network.initialize(torch.Generator().manual_seed(seed))
    return network


@pytest.mark.parametrize(('points', 'weights'), [(200, 23550), (105, 13955)])
def test_layers_are_those_of_the_paper(points, weights):
    """200→50→25→12→[2]→12→25→50→200 has 23 550 weights; the paper's 14 000 mean 105 points."""
    network = Autoencoder(points, (50, 25, 12), 2)
    assert sum(one.numel() for one in network.parameters()) == weights
    widths = [layer.out_features for layer in network.decoder if hasattr(layer, 'out_features')]
    assert widths == [12, 25, 50]


def test_divergence_is_that_of_normal_distributions():
    """The closed form agrees with torch's, and vanishes for the prior itself."""
    mean, log_variance = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1))
    code = Normal(mean, (0.5 * log_variance).exp())
    expected = kl_divergence(code, Normal(0, 1)).sum(dim=1)
    torch.testing.assert_close(divergence(mean, log_variance), expected)
    assert divergence(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 0


def test_reconstruction_loss_is_cross_entropy_above_its_least():
    """It is zero for the targets themselves, and otherwise the excess of the cross-entropy."""
    targets, found = torch.rand(2, 4, 6, generator=torch.Generator().manual_seed(1))
    excess = binary_cross_entropy(found, targets, reduction='none') - binary_cross_entropy(
        targets, targets, reduction='none'
    )
    loss = reconstruction_loss(torch.logit(found), targets)
    torch.testing.assert_close(loss, excess.sum(dim=1))
    perfect = reconstruction_loss(torch.logit(targets), targets)
    torch.testing.assert_close(perfect, torch.zeros(4), atol=1e-5, rtol=0)


def test_targets_of_zero_and_one_have_no_entropy():
    """At the ends of the range the loss is the cross-entropy itself."""
    loss = reconstruction_loss(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]]))
    torch.testing.assert_close(loss, torch.tensor([2.0]).log() * 2)


def test_initial_weights_are_normal():
    """Their variance is 2 over the number of inputs; biases are zero."""
    layer = initialized(400, (300, 20), 2).encoder[0]
    assert layer.weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert not layer.bias.any()


def test_initial_weights_come_from_the_seed_alone():
    """Equal seeds give equal weights, and the global random numbers are left alone."""
    before = torch.get_rng_state()
    first, second, other = (initialized(20, (8, 4), 2, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.output.weight, second.output.weight)
    assert not torch.equal(first.output.weight, other.output.weight)

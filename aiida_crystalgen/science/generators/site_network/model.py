"""A trained network of sites, ready for use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.site_network.calibration import Calibration
from aiida_crystalgen.science.generators.site_network.inputs import (
    SiteInputs,
    encoding_of,
    orientation_keys,
)
from aiida_crystalgen.science.generators.site_network.network import ELEMENTS, SiteClassifier
from aiida_crystalgen.science.generators.site_network.projection import Projection
from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings
from aiida_crystalgen.science.generators.site_network.state import METHOD
from aiida_crystalgen.science.generators.site_network.volumes import VolumeModel

__all__ = ('SiteModel', 'SiteOutputs', 'log_likelihoods')

_BLOCK = 4096  # sites at once
_NETWORK, _PROJECTION = 'network.', 'projection.'
_IMPOSSIBLE = -1e4  # logarithm of the likelihood of what never occurs; finite, to be summed


@dataclass(frozen=True)
class SiteOutputs:
    """What a network says of sites, averaged over orientations.

    :param log_odds: calibrated logits of the likelihood of each element.
    :param softmax: logits of the auxiliary classifier.
    :param codes: means of the codes.
    """

    log_odds: Float32[np.ndarray, 'sites elements']
    softmax: Float32[np.ndarray, 'sites elements']
    codes: Float32[np.ndarray, 'sites latent']


@dataclass(frozen=True)
class SiteModel:
    """A network and what belongs to it.

    :param settings: of its training.
    :param network: in single precision.
    :param projection: of fingerprints; None if the network reads all of them.
    :param calibration: of the likelihoods.
    :param volumes: of crystals.
    :param seen: which elements the network has learned from, by atomic number minus one.
    """

    settings: SiteNetworkSettings
    network: SiteClassifier
    projection: Projection | None
    calibration: Calibration
    volumes: VolumeModel
    seen: Bool[np.ndarray, ' elements']

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> SiteModel:
        """Return the model that a checkpoint holds.

        :raises ValueError: if the checkpoint is of another method, or its weights do not fit.
        """
        checkpoint.require_method(METHOD)
        settings = SiteNetworkSettings.parse(checkpoint.settings)
        weights = checkpoint.weights
        network = SiteClassifier(settings)
        network.load_state_dict(_fitting(network, weights))
        projection = None
        if settings.encoder == 'invariant':
            projection = Projection.from_weights(weights, _PROJECTION)
        slope, intercept = weights['calibration']
        return cls(
            settings=settings,
            network=network.eval(),
            projection=projection,
            calibration=Calibration(float(slope), float(intercept)),
            volumes=VolumeModel(np.array(weights['volumes'])),
            seen=np.array(weights['seen']),
        )

    def to_weights(self) -> dict[str, np.ndarray]:
        """Return the arrays that a checkpoint keeps."""
        network = {
            _NETWORK + name: one.numpy().copy() for name, one in self.network.state_dict().items()
        }
        projection = {} if self.projection is None else self.projection.to_weights(_PROJECTION)
        return {
            **network,
            **projection,
            'calibration': np.array([self.calibration.slope, self.calibration.intercept]),
            'volumes': self.volumes.coefficients,
            'seen': self.seen,
        }

    def outputs(self, inputs: SiteInputs) -> SiteOutputs:
        """Return what the network says of sites.

        All sites are looked at in the same few orientations, and at rest.
        """
        encode = encoding_of(self.settings, self.projection)
        orientations = range(self.settings.evaluation_orientations)
        total = []
        with single_threaded(), torch.inference_mode():
            for start in range(0, len(inputs), _BLOCK):
                part = inputs.select(np.arange(start, min(start + _BLOCK, len(inputs))))
                nearest, relative = torch.tensor(part.nearest), torch.tensor(part.relative)
                results = []
                for orientation in orientations:
                    keys = orientation_keys(0, orientation, np.zeros(len(part), dtype=np.int64))
                    seen = encode(part.fingerprints(self.settings.sites, keys, 0.0))
                    one = self.network(torch.from_numpy(seen), relative, nearest)
                    results.append(torch.cat([one.sigmoid, one.softmax, one.mean], dim=1))
                total.append(torch.stack(results).mean(dim=0).numpy())
        values = np.concatenate(total)
        log_odds = self.calibration.log_odds(values[:, :ELEMENTS].astype(np.float64))
        log_odds[:, ~self.seen] = _IMPOSSIBLE
        return SiteOutputs(
            log_odds=log_odds.astype(np.float32),
            softmax=values[:, ELEMENTS : 2 * ELEMENTS],
            codes=values[:, 2 * ELEMENTS :],
        )


def log_likelihoods(
    log_odds: Float32[np.ndarray, 'sites elements'], leniency: float
) -> Float32[np.ndarray, 'sites elements']:
    """Return the logarithm of the likelihood of each element on each site.

    :param leniency: by which the odds are multiplied. With 1 likelihoods are the shares of sites
        that have the element; with 118, the paper's, elements that are as likely as any other on a
        site are half possible there, and unlikely sites count more than likely ones.
    """
    lenient = log_odds.astype(np.float64) + np.log(leniency)
    return -np.logaddexp(0, -lenient).astype(np.float32)


def _fitting(network: SiteClassifier, weights: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Return the weights of the network.

    :raises ValueError: if they are missing, or have other shapes.
    """
    expected = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    for name, shape in expected.items():
        found = weights.get(_NETWORK + name)
        if found is None or found.shape != shape:
            raise ValueError(
                f"the weights of the checkpoint do not fit its settings: '{_NETWORK}{name}' has "
                f'shape {None if found is None else found.shape} instead of {shape}'
            )
    missing = {'calibration', 'volumes', 'seen'} - set(weights)
    if missing:
        raise ValueError(f"the checkpoint lacks '{min(missing)}'; train it again")
    return {name: torch.tensor(np.array(weights[_NETWORK + name])) for name in expected}

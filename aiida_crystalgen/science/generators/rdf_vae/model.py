"""A trained autoencoder, ready for use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.rdf_vae.network import Autoencoder
from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings

__all__ = ('METHOD', 'TrainedModel')

METHOD = 'rdf_vae'
_SCALE = 'scale'  # the only array of a checkpoint that is no weight of the network


@dataclass(frozen=True)
class TrainedModel:
    """An autoencoder between fingerprints in their own unit and latent points.

    :param settings: of its training.
    :param network: in any precision.
    :param scale: what each point of a fingerprint is divided by, in 1/Å.
    """

    settings: RdfVaeSettings
    network: Autoencoder
    scale: Float[np.ndarray, ' points']

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> TrainedModel:
        """Return the model that a checkpoint holds, in double precision.

        :raises ValueError: if the checkpoint is of another method, or its weights do not fit.
        """
        checkpoint.require_method(METHOD)
        settings = RdfVaeSettings.parse(checkpoint.settings)
        network = Autoencoder(settings.rdf.points, settings.hidden, settings.latent)
        state = network.state_dict()
        expected = {name: tuple(one.shape) for name, one in state.items()}
        checkpoint.require_shapes({**expected, _SCALE: (settings.rdf.points,)})
        network.load_state_dict({name: torch.tensor(checkpoint.weights[name]) for name in state})
        return cls(settings, network.double().eval(), checkpoint.weights[_SCALE])

    def to_weights(self) -> dict[str, np.ndarray]:
        """Return the arrays that a checkpoint keeps."""
        network = {name: one.numpy() for name, one in self.network.state_dict().items()}
        return {**network, _SCALE: self.scale}

    def scaled(
        self, fingerprints: Float[np.ndarray, 'crystals points']
    ) -> Float[np.ndarray, 'crystals points']:
        """Return what the network sees: fingerprints between 0 and 1.

        :raises ValueError: if the fingerprints have another number of points.
        """
        found = fingerprints.shape[1]
        if found != len(self.scale):
            raise ValueError(
                f'the fingerprints have {found} points, but the model was trained on '
                f"{len(self.scale)}; compute them with its settings 'rdf'"
            )
        return np.clip(fingerprints / self.scale, 0, 1)

    def encode(
        self, fingerprints: Float[np.ndarray, 'crystals points']
    ) -> Float[np.ndarray, 'crystals latent']:
        """Return the latent point of each fingerprint: the mean of its code."""
        with single_threaded(), torch.inference_mode():
            mean, _ = self.network.encode(self._tensor(self.scaled(fingerprints)))
            return mean.numpy().astype(np.float64)

    def decode(self, codes: Float[np.ndarray, 'codes latent']) -> Float[np.ndarray, 'codes points']:
        """Return the fingerprint of each latent point, in 1/Å.

        :raises ValueError: if the points have another number of coordinates.
        """
        if codes.shape[1] != self.settings.latent:
            raise ValueError(
                f'the latent points have {codes.shape[1]} coordinates, but the model has '
                f'{self.settings.latent} latent units'
            )
        with single_threaded(), torch.inference_mode():
            scaled = torch.sigmoid(self.network.decode(self._tensor(codes)))
            return scaled.numpy().astype(np.float64) * self.scale

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        """Return the values in the precision of the network."""
        return torch.tensor(values, dtype=self.network.output.weight.dtype)

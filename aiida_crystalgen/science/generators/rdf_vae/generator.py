"""Training of the autoencoder, and random symmetric crystals compared with its replicas."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.emptiness import require_neighbors
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.generators.interface import Course, Request
from aiida_crystalgen.science.generators.random_symmetric import RandomSymmetric
from aiida_crystalgen.science.generators.rdf_vae.latent import latent_coordinates
from aiida_crystalgen.science.generators.rdf_vae.model import METHOD, TrainedModel
from aiida_crystalgen.science.generators.rdf_vae.proposing import (
    RdfVaeProposing,
    reconstruct_replicas,
)
from aiida_crystalgen.science.generators.rdf_vae.replication import replica_grid
from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings
from aiida_crystalgen.science.generators.rdf_vae.summary import summarize
from aiida_crystalgen.science.generators.rdf_vae.training import train_autoencoder
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.screening.similarity import nearest

__all__ = ('RdfVae',)

_BLOCK = 4096  # crystals whose fingerprints are held at once, some 7 MB


class RdfVae:
    """Random symmetric crystals, each with the replica of known crystals that it resembles most.

    Lee & Chang, Computational Materials Science 2021.
    """

    name = METHOD
    needs_training = True
    block_rows = _BLOCK
    map_axes = ('Latent coordinate z₁', 'Latent coordinate z₂')

    def train(
        self, training: CrystalSet, settings: dict[str, Any], *, seed: int, progress: Progress
    ) -> Checkpoint:
        """Return an autoencoder of the radial distribution functions of the crystals.

        :param settings: of `RdfVaeSettings`.
        :raises ValueError: if a setting is impossible, the crystals are fewer than three, or one
            of them has no neighbours within the cut-off.
        """
        return self.resume_training(training, settings, Course(), seed=seed, progress=progress)

    def resume_training(
        self,
        training: CrystalSet,
        settings: dict[str, Any],
        course: Course,
        *,
        seed: int,
        progress: Progress,
    ) -> Checkpoint:
        """Return what ``train`` would, from where the course begins.

        :raises ValueError: as ``train`` does, if the state belongs to another training, or the
            layers of the model to start from differ.
        """
        parsed = RdfVaeSettings.parse(settings)
        fingerprints = radial_distribution(training, parsed.rdf)
        require_neighbors(training, fingerprints, parsed.rdf.cutoff, 'rdf.cutoff')
        trained = train_autoencoder(fingerprints, parsed, course, seed=seed, progress=progress)
        return Checkpoint(
            method=self.name,
            weights=trained.model.to_weights(),
            settings=parsed.model_dump(mode='json'),
            summary=summarize(trained, training, fingerprints),
        )

    def propose(
        self, checkpoint: Checkpoint | None, request: Request, *, seed: int, progress: Progress
    ) -> CrystalSet:
        """Return random symmetric crystals, with two columns of their similarity to replicas.

        Where the request's ``proposing``, of `RdfVaeProposing`, asks for the route
        'reconstruction', crystals are made from replicas instead, see ``reconstruct_replicas``.

        ``replica`` is the number of the nearest replica and ``replica_distance`` the Pearson
        distance from it, also of rows that are rejected for other reasons.

        :raises ValueError: if there is no checkpoint, it is of another method, or nothing can
            fulfil the request.
        """
        rows = np.arange(request.candidates)
        return self.propose_rows(checkpoint, request, rows, seed=seed, progress=progress)

    def propose_rows(
        self,
        checkpoint: Checkpoint | None,
        request: Request,
        rows: Int[np.ndarray, ' rows'],
        *,
        seed: int,
        progress: Progress,
    ) -> CrystalSet:
        """Return these rows of what ``propose`` would.

        :param rows: in ascending order, at least one.
        :raises ValueError: as ``propose`` does.
        """
        if checkpoint is None:
            raise ValueError(f'{self.name} proposes from a checkpoint, but there is none; train it')
        model = TrainedModel.from_checkpoint(checkpoint)
        replicas = model.decode(replica_grid(model.settings))
        if _is_reconstructing(request):
            crystals = reconstruct_replicas(
                replicas, model.settings.rdf, request, rows, seed=seed, progress=progress
            )
        else:
            crystals = RandomSymmetric().propose_rows(
                None, request, rows, seed=seed, progress=progress
            )
        index, distance = _nearest_replicas(crystals, replicas, model.settings.rdf, progress)
        return crystals.with_columns(replica=index, replica_distance=distance)

    def map_crystals(
        self, checkpoint: Checkpoint, crystals: CrystalSet
    ) -> Float[np.ndarray, 'crystals 2']:
        """Return the latent point of each crystal, of a model with two latent units.

        :raises ValueError: if the checkpoint is of another method.
        """
        return latent_coordinates(checkpoint, crystals)


def _is_reconstructing(request: Request) -> bool:
    """Return whether crystals are to be made from replicas, not to be compared with them.

    :raises ValueError: if the settings of proposing are impossible.
    """
    if not request.proposing:
        return False
    return RdfVaeProposing.parse(request.proposing, 'proposing').route == 'reconstruction'


def _nearest_replicas(
    crystals: CrystalSet,
    replicas: Float[np.ndarray, 'replicas points'],
    settings: RdfSettings,
    progress: Progress,
) -> tuple[Int[np.ndarray, ' crystals'], Float[np.ndarray, ' crystals']]:
    """Return number and Pearson distance of the replica nearest to each crystal.

    Fingerprints are made block by block, so that memory does not grow with their number.
    """
    index = np.zeros(len(crystals), dtype=np.int64)
    distance = np.zeros(len(crystals))
    for start in range(0, len(crystals), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(crystals)))
        fingerprints = radial_distribution(crystals.select(rows), settings)
        index[rows], distance[rows] = nearest(fingerprints, replicas)
        progress(int(rows[-1]) + 1, len(crystals), 'compared with the replicas')
    return index, distance

"""Replicas of radial distribution functions by a variational autoencoder, and crystals like them.

Lee & Chang, Computational Materials Science 2021: the autoencoder learns the radial distribution
functions of known crystals; decoding a grid of latent points gives replicas of them, and random
symmetric crystals are compared with these. Importing this package imports torch.
"""

from aiida_crystalgen.science.generators.rdf_vae.generator import RdfVae
from aiida_crystalgen.science.generators.rdf_vae.latent import (
    analogy,
    decode,
    encode,
    interpolate,
    latent_coordinates,
)
from aiida_crystalgen.science.generators.rdf_vae.replication import replica_grid, replicas
from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings, ReplicaSettings

__all__ = (
    'RdfVae',
    'RdfVaeSettings',
    'ReplicaSettings',
    'analogy',
    'decode',
    'encode',
    'interpolate',
    'latent_coordinates',
    'replica_grid',
    'replicas',
)

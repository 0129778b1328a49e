"""The networks that there are to choose from."""

from __future__ import annotations

from aiida_crystalgen.science.generators.score_langevin.network import ScoreNetwork
from aiida_crystalgen.science.generators.score_langevin.settings import (
    ScoreLangevinSettings,
    TripletNetworkSettings,
)
from aiida_crystalgen.science.generators.score_langevin.triplet_network import TripletNetwork

__all__ = ('NoiseNetwork', 'new_network')

NoiseNetwork = ScoreNetwork | TripletNetwork


def new_network(settings: ScoreLangevinSettings) -> NoiseNetwork:
    """Return a network of the chosen architecture with random weights."""
    if isinstance(settings.layers, TripletNetworkSettings):
        return TripletNetwork(settings.layers)
    return ScoreNetwork(settings.layers)

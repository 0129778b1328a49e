"""Likelihoods of elements on the sites of known structures, and the compounds that follow.

Ryan, Lengyel & Shatruk, J. Am. Chem. Soc. 140, 10158 (2018), doi:10.1021/jacs.8b03913: a network
learns which elements like which surroundings; every assignment of chosen elements to the sites of
templates is scored by the product of these likelihoods. Importing this package imports torch.
"""

from aiida_crystalgen.science.generators.site_network.generator import SiteNetwork
from aiida_crystalgen.science.generators.site_network.proposal import (
    ProposingSettings,
    propose_from,
)
from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings

__all__ = ('ProposingSettings', 'SiteNetwork', 'SiteNetworkSettings', 'propose_from')

"""Crystals for wanted properties, by a conditional autoencoder of their symmetry functions.

Fung et al., Mach. Learn.: Sci. Technol. 3, 045018 (2022), doi:10.1088/2632-2153/aca1f7: the
autoencoder draws representations for a wanted property, a surrogate and the distance from the data
tell which of them can be trusted, and positions are sought that have them. Importing this package
imports torch.
"""

from aiida_crystalgen.science.generators.acsf_cvae.generator import AcsfCvae
from aiida_crystalgen.science.generators.acsf_cvae.settings import (
    AcsfCvaeProposing,
    AcsfCvaeSettings,
    SurrogateSettings,
)

__all__ = ('AcsfCvae', 'AcsfCvaeProposing', 'AcsfCvaeSettings', 'SurrogateSettings')

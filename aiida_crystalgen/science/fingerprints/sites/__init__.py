"""Fingerprints of single atoms: the distances to their neighbours, seen from points around them.

Ryan, Lengyel & Shatruk, J. Am. Chem. Soc. 140, 10158 (2018), doi:10.1021/jacs.8b03913. They tell
nothing of the elements, and do not change when a crystal is scaled.
"""

from aiida_crystalgen.science.fingerprints.sites.fingerprint import (
    Augmentation,
    relative_sizes,
    site_fingerprints,
)
from aiida_crystalgen.science.fingerprints.sites.inequivalent import Sites, inequivalent_sites
from aiida_crystalgen.science.fingerprints.sites.neighborhood import nearest_distances
from aiida_crystalgen.science.fingerprints.sites.settings import SiteSettings

__all__ = (
    'Augmentation',
    'SiteSettings',
    'Sites',
    'inequivalent_sites',
    'nearest_distances',
    'relative_sizes',
    'site_fingerprints',
)

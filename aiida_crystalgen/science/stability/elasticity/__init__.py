"""Elastic constants from finite strains, and whether a crystal is mechanically stable."""

from aiida_crystalgen.science.stability.elasticity.settings import ElasticSettings
from aiida_crystalgen.science.stability.elasticity.strains import strained_crystals
from aiida_crystalgen.science.stability.elasticity.verdict import ElasticVerdict, judge_elasticity

__all__ = ('ElasticSettings', 'ElasticVerdict', 'judge_elasticity', 'strained_crystals')

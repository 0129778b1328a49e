"""Read-only questions to the provenance graph, answered as frozen rows."""

from aiida_crystalgen.queries.datasets import datasets
from aiida_crystalgen.queries.lineage import lineage
from aiida_crystalgen.queries.models import models
from aiida_crystalgen.queries.phases import phases
from aiida_crystalgen.queries.products import products
from aiida_crystalgen.queries.proposals import proposals
from aiida_crystalgen.queries.rounds import rounds
from aiida_crystalgen.queries.searches import searches
from aiida_crystalgen.queries.yields import yields

__all__ = (
    'datasets',
    'lineage',
    'models',
    'phases',
    'products',
    'proposals',
    'rounds',
    'searches',
    'yields',
)

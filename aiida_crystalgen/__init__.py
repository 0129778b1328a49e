"""Search for new crystals with generative models, under AiiDA, with full provenance."""

__version__ = '0.1.0'

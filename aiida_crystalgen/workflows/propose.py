"""Proposing of crystals with a generator."""

from __future__ import annotations

from aiida_crystalgen.calculations.functions.propose import propose
from aiida_crystalgen.calculations.propose import ProposeCalculation
from aiida_crystalgen.workflows.verb import VerbWorkChain

__all__ = ('ProposeWorkChain',)


class ProposeWorkChain(VerbWorkChain):
    """Propose crystals with a generator."""

    _job = ProposeCalculation
    _function = propose
    _output = 'proposals'

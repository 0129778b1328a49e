"""Proposing of crystals with a generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder

from aiida_crystalgen.calculations.functions.propose import propose
from aiida_crystalgen.calculations.propose import ProposeCalculation
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.verb import VerbWorkChain

__all__ = ('ProposeWorkChain',)


class ProposeWorkChain(VerbWorkChain):
    """Propose crystals with a generator."""

    _job = ProposeCalculation
    _function = propose
    _output = 'proposals'

    @classmethod
    def get_builder_from_protocol(
        cls,
        composition: str,
        generator: Mapping[str, Any],
        *,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder that proposes what a search would, without the search.

        :param composition: formula unit, as in 'SnSe', or chemical system, as in 'Li-Mn-Ge'.
        :param generator: an entry of the list of generators of a search.
        :param protocol: of a search; the default if None.
        :param code: whose executable is crystalgen-run; None proposes in the process.
        :param overrides: what differs from the protocol of a search, as its ``candidates``.
        :raises ValueError: if a key or value does not fit, or there is no model.
        """
        from aiida_crystalgen.workflows.generator_choice import generator_inputs

        chosen = protocol_inputs(
            'search', protocol, {**(overrides or {}), 'generators': [generator]}
        )
        (inputs,) = generator_inputs((composition,), chosen, None, protocol).values()
        if 'settings' in inputs and 'checkpoint' not in inputs:
            raise ValueError(
                f'{generator["method"]} proposes from a model, but none is given; train one with '
                '`aiida-crystalgen model train`'
            )
        builder = cls.get_builder()
        for name, value in inputs.items():
            builder[name] = value
        builder.seed = chosen['seed']
        if code is not None:
            builder.code = code
        return builder

"""Relaxation of a whole set of structures with a potential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder

from aiida_crystalgen.calculations.functions.relax import relax
from aiida_crystalgen.calculations.relax import RelaxCalculation
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.verb import VerbWorkChain

__all__ = ('PotentialRelaxWorkChain',)


class PotentialRelaxWorkChain(VerbWorkChain):
    """Relax every structure of a set with an interatomic potential."""

    _job = RelaxCalculation
    _function = relax
    _output = 'relaxed'
    _extras = {'trajectory': 'partial_trajectory'}  # noqa: RUF012

    @classmethod
    def get_builder_from_protocol(
        cls,
        structures: StructureSetData,
        *,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose potential and settings are those of a protocol.

        :param structures: to relax.
        :param protocol: the default if None.
        :param code: whose executable is crystalgen-run; None relaxes in the process.
        :param overrides: ``potential`` and settings that differ from the protocol.
        :raises ValueError: if the protocol or a key of the overrides does not exist.
        """
        inputs = protocol_inputs('relax', protocol, overrides)
        builder = cls.get_builder()
        builder.structures = structures
        builder.potential = inputs.pop('potential')
        builder.settings = inputs
        if code is not None:
            builder.code = code
        return builder

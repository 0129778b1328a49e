"""Training of a generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder

from aiida_crystalgen.calculations.functions.train import train
from aiida_crystalgen.calculations.train import TrainCalculation
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.generators.interface import generator_names
from aiida_crystalgen.science.settings import closest
from aiida_crystalgen.workflows.protocol import has_protocols, protocol_inputs
from aiida_crystalgen.workflows.verb import VerbWorkChain

__all__ = ('TrainWorkChain',)


class TrainWorkChain(VerbWorkChain):
    """Train a generator on a set of structures."""

    _job = TrainCalculation
    _function = train
    _output = 'checkpoint'

    @classmethod
    def get_builder_from_protocol(
        cls,
        training: StructureSetData,
        method: str,
        *,
        seed: int,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose settings are those of a protocol of the method.

        :param training: the structures to learn from.
        :param method: entry-point name of the generator.
        :param seed: of all random numbers.
        :param protocol: the default of the method if None.
        :param code: whose executable is crystalgen-run; None trains in the process.
        :param overrides: settings that differ from the protocol.
        :raises ValueError: if method, protocol or a key of the overrides does not exist.
        """
        if not has_protocols(f'train/{method}'):
            known = [name for name in generator_names() if has_protocols(f'train/{name}')]
            raise ValueError(f"no generator '{method}' learns anything. {closest(method, known)}")
        builder = cls.get_builder()
        builder.training = training
        builder.method = method
        builder.settings = protocol_inputs(f'train/{method}', protocol, overrides)
        builder.seed = seed
        if code is not None:
            builder.code = code
        return builder

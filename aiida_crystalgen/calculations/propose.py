"""Proposing of crystals as a job."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.common.folders import Folder
from aiida.engine import CalcJobProcessSpec

from aiida_crystalgen.calculations.verb import VerbCalculation, is_seed
from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.remote import files

__all__ = ('ProposeCalculation', 'is_request')


def is_request(node: orm.Dict, _: Any) -> str | None:
    """Return why nothing can be proposed for the request, or nothing."""
    from aiida_crystalgen.science.generators.interface import Request

    try:
        Request.parse(node.get_dict())
    except ValueError as exception:
        return str(exception)
    return None


class ProposeCalculation(VerbCalculation):
    """Propose crystals with a generator."""

    _verb = 'propose'
    _result_files = (files.PROPOSALS,)

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Define the ports."""
        super().define(spec)
        spec.input(
            'method',
            valid_type=orm.Str,
            serializer=orm.to_aiida_type,
            help="Entry-point name of the generator, as in 'rdf_vae'.",
        )
        spec.input(
            'request',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            validator=is_request,
            help='What to propose: composition, number, volume in Å³ per atom, distances in Å, …',
        )
        spec.input(
            'checkpoint',
            valid_type=CheckpointData,
            required=False,
            help='The trained model; not needed by generators that do not learn.',
        )
        spec.input(
            'templates',
            valid_type=StructureSetData,
            required=False,
            help='Known crystals for the generator to put elements into; some have their own.',
        )
        spec.input(
            'seed',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            validator=is_seed,
            help='Seed of all random numbers.',
        )
        spec.output(
            'proposals',
            valid_type=StructureSetData,
            help='One row per candidate, rejected ones with their reason.',
        )

    def describe_job(self) -> dict[str, Any]:
        """Return method, request and seed."""
        return {
            'method': self.inputs.method.value,
            'request': self.inputs.request.get_dict(),
            'seed': self.inputs.seed.value,
        }

    def write_files(self, folder: Folder) -> None:
        """Write the checkpoint and the templates, if there are any."""
        if 'checkpoint' in self.inputs:
            with folder.open(files.CHECKPOINT, 'wb') as handle:
                handle.write(self.inputs.checkpoint.get_content(mode='rb'))
        if 'templates' in self.inputs:
            self.write_crystals(folder, self.inputs.templates, files.TEMPLATES)

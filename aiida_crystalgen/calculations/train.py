"""Training of a generator as a job."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.common.folders import Folder
from aiida.engine import CalcJobProcessSpec

from aiida_crystalgen.calculations.verb import VerbCalculation, is_seed
from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.remote import files

__all__ = ('TrainCalculation',)


class TrainCalculation(VerbCalculation):
    """Train a generator on a set of structures."""

    _verb = 'train'
    _result_files = (files.CHECKPOINT,)
    _partial_type = orm.SinglefileData
    _partial_files = {'partial': files.PARTIAL_TRAINING}  # noqa: RUF012

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Define the ports."""
        super().define(spec)
        spec.input(
            'training',
            valid_type=StructureSetData,
            help='The structures to learn from.',
        )
        spec.input(
            'method',
            valid_type=orm.Str,
            serializer=orm.to_aiida_type,
            help="Entry-point name of the generator, as in 'rdf_vae'.",
        )
        spec.input(
            'settings',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            help='Settings of the training; a protocol of the method gives them all.',
        )
        spec.input(
            'seed',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            validator=is_seed,
            help='Seed of all random numbers of the training.',
        )
        spec.input(
            'start',
            valid_type=CheckpointData,
            required=False,
            help='Model whose weights are the first ones, for methods that can go on from them.',
        )
        spec.output('checkpoint', valid_type=CheckpointData, help='The trained model.')

    def describe_job(self) -> dict[str, Any]:
        """Return method, settings and seed."""
        return {
            'method': self.inputs.method.value,
            'settings': self.inputs.settings.get_dict(),
            'seed': self.inputs.seed.value,
        }

    def write_files(self, folder: Folder) -> None:
        """Write the training crystals, and the model to start from."""
        self.write_crystals(folder, self.inputs.training)
        if 'start' in self.inputs:
            with folder.open(files.START, 'wb') as handle:
                handle.write(self.inputs.start.get_content(mode='rb'))

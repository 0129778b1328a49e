"""Relaxation of a whole set of structures with a potential as one job."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.common.folders import Folder
from aiida.engine import CalcJobProcessSpec

from aiida_crystalgen.calculations.verb import VerbCalculation
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.remote import files

__all__ = ('RelaxCalculation',)


class RelaxCalculation(VerbCalculation):
    """Relax every structure of a set with an interatomic potential."""

    _verb = 'relax'
    _result_files = (files.RELAXED, files.TRAJECTORY)
    _partial_files = {  # noqa: RUF012
        'partial': files.PARTIAL,
        'partial_trajectory': files.PARTIAL_TRAJECTORY,
    }

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Define the ports."""
        super().define(spec)
        spec.input('structures', valid_type=StructureSetData, help='The structures to relax.')
        spec.input(
            'potential',
            valid_type=orm.Str,
            serializer=orm.to_aiida_type,
            help="Entry-point name of the potential, as in '7net-0'.",
        )
        spec.input(
            'settings',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            help='Settings of the relaxation; a protocol gives them all.',
        )
        spec.output(
            'relaxed',
            valid_type=StructureSetData,
            help='One row per structure, with energy in eV/atom, convergence, and any rejection.',
        )
        spec.output(
            'trajectory',
            valid_type=StructureSetData,
            required=False,
            help='Crystals on the way, if the settings ask for frames: rows of a structure have '
            'its row as trajectory, a step, and the energy in eV/atom.',
        )
        for define, whose in ((spec.input, 'that an earlier job'), (spec.output, 'that the job')):
            define(
                'partial_trajectory',
                valid_type=StructureSetData,
                required=False,
                help=f'Crystals on the way to those {whose} had relaxed when it was cut short.',
            )

    def describe_job(self) -> dict[str, Any]:
        """Return potential and settings."""
        return {
            'potential': self.inputs.potential.value,
            'settings': self.inputs.settings.get_dict(),
        }

    def write_files(self, folder: Folder) -> None:
        """Write the crystals to relax."""
        self.write_crystals(folder, self.inputs.structures)

"""Elastic constants and mechanical stability of one structure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, ToContext, WorkChain

from aiida_crystalgen.calculations.functions.elasticity import elasticity
from aiida_crystalgen.calculations.functions.strain import strain
from aiida_crystalgen.calculations.functions.symmetrize import symmetrize
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.children import failure, run_once
from aiida_crystalgen.workflows.crystal_inputs import is_crystal
from aiida_crystalgen.workflows.engines import (
    engine_name,
    expose_engines,
    set_engine,
    submit_engine,
    unknown_engine,
)
from aiida_crystalgen.workflows.protocol import protocol_inputs

__all__ = ('ElasticWorkChain',)


class ElasticWorkChain(WorkChain):
    """Measure the elastic constants of a structure with relaxed ions, and judge its stability.

    The cell has to be relaxed with the same engine before.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        spec.input(
            'structure',
            valid_type=orm.StructureData,
            validator=is_crystal,
            help='The relaxed structure.',
        )
        spec.input(
            'settings',
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            validator=_is_settings,
            help='Magnitudes of the strains and tolerances; a protocol gives them all.',
        )
        expose_engines(spec)
        spec.output(
            'symmetrized',
            valid_type=orm.StructureData,
            help='The structure as a standard primitive cell, in whose axes the constants are.',
        )
        spec.output(
            'strained',
            valid_type=StructureSetData,
            help='Its strained copies as the engine left them, with stresses in GPa.',
        )
        spec.output(
            'elasticity',
            valid_type=orm.Dict,
            help='Stiffness in GPa, whether it is stable and why not, moduli, and the engine.',
        )
        spec.outline(cls.strain_structure, cls.relax_ions, cls.measure_constants)
        spec.exit_code(
            440, 'ERROR_STRAINING_FAILED', message='Nothing was strained; {process}: {reason}.'
        )
        spec.exit_code(
            441, 'ERROR_ENGINE_FAILED', message='There are no stresses; {process}: {reason}.'
        )
        spec.exit_code(
            442, 'ERROR_FIT_FAILED', message='There are no elastic constants; {process}: {reason}.'
        )

    @classmethod
    def get_builder_from_protocol(
        cls,
        structure: orm.StructureData,
        *,
        engine: Mapping[str, Mapping[str, Any]] | None = None,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose settings are those of a protocol.

        :param structure: relaxed with the same engine.
        :param engine: its inputs under its name, as in ``{'vasp': {…}}``; if None, the potential of
            the protocol.
        :param protocol: the default if None.
        :param code: for the potential, whose executable is crystalgen-run; None relaxes in the
            process.
        :param overrides: what differs from the protocol, with the keys of its YAML file.
        :raises ValueError: if the protocol or a key of the overrides does not exist.
        """
        builder = cls.get_builder()
        builder.structure = structure
        builder.settings = protocol_inputs('elastic', protocol, overrides)
        set_engine(builder, engine, protocol, code)
        return builder

    def strain_structure(self) -> ExitCode | None:
        """Bring the structure to a standard cell, and strain that."""
        settings = self.inputs.settings
        symmetrized = run_once(
            self,
            symmetrize,
            'symmetrize',
            structure=self.inputs.structure,
            tolerance=orm.Float(settings['symmetry_tolerance']),
        )
        if not symmetrized.is_finished_ok:
            return failure(self, 'ERROR_STRAINING_FAILED', symmetrized)
        structure = symmetrized.outputs.symmetrized
        strained = run_once(self, strain, 'strain', structure=structure, settings=settings)
        if not strained.is_finished_ok:
            return failure(self, 'ERROR_STRAINING_FAILED', strained)
        self.out('symmetrized', structure)
        self.ctx.strained = strained.outputs.strained
        return None

    def relax_ions(self) -> ToContext:
        """Let the engine relax the ions in each strained cell."""
        name = engine_name(self.inputs)
        changes = self.inputs.settings['engines'].get(name, {})
        spacing = self.inputs[name].settings.get_dict().get('kpoints_spacing')
        if spacing is not None:
            mesh = _divisions(self.outputs['symmetrized'], spacing)
            changes = {**changes, 'kpoints_spacing': None, 'kpoints_mesh': mesh}
        relaxation = submit_engine(self, 'relax', self.ctx.strained, 'ions', changes=changes)
        return ToContext(relaxation=relaxation)

    def measure_constants(self) -> ExitCode | None:
        """Fit the constants to the stresses that there are, and judge them."""
        relaxation = self.ctx.relaxation
        if 'relaxed' not in relaxation.outputs:
            return failure(self, 'ERROR_ENGINE_FAILED', relaxation)
        self.out('strained', relaxation.outputs.relaxed)
        fit = run_once(
            self,
            elasticity,
            'elasticity',
            strained=self.ctx.strained,
            relaxed=relaxation.outputs.relaxed,
            settings=self.inputs.settings,
        )
        if not fit.is_finished_ok:
            return failure(self, 'ERROR_FIT_FAILED', fit)
        verdict = fit.outputs.elasticity
        self.out('elasticity', verdict)
        self.report('stable' if verdict['stable'] else '; '.join(verdict['reasons']))
        return None


def _divisions(structure: orm.StructureData, spacing: float) -> list[int]:
    """Return the mesh of k-points of a structure, which its strained copies have to share.

    A division more from one strain to the next would be a jump of the stress.

    :param spacing: in units of 2π/Å.
    """
    kpoints = orm.KpointsData()
    kpoints.set_cell_from_structure(structure)
    kpoints.set_kpoints_mesh_from_density(2 * math.pi * spacing)
    return kpoints.get_kpoints_mesh()[0]


def _is_settings(node: orm.Dict, _: Any) -> str | None:
    """Return why the settings cannot be used, or nothing."""
    from aiida_crystalgen.science.stability.elasticity import ElasticSettings

    try:
        settings = ElasticSettings.parse(node.get_dict())
    except ValueError as exception:
        return str(exception)
    return unknown_engine(settings.engines)

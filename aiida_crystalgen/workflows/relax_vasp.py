"""Relaxation of a set of structures with VASP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from aiida import orm
from aiida.engine import Process
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.calculations.functions.collect_vasp import collect_vasp
from aiida_crystalgen.calculations.functions.extract import row_label
from aiida_crystalgen.workflows.children import run_once
from aiida_crystalgen.workflows.dft_relax import (
    Attempt,
    DftRelaxWorkChain,
    merge_keys,
    outcome_table,
)
from aiida_crystalgen.workflows.preflight import PLUGIN, vasp_problems
from aiida_crystalgen.workflows.vasp_engine import vasp_engine
from aiida_crystalgen.workflows.vasp_outcome import Outcome, read_outcome
from aiida_crystalgen.workflows.vasp_settings import VaspSettings, merge_tags

__all__ = ('VaspRelaxWorkChain',)

_MOVES = {'cell': (True, True), 'ions': (False, False)}


class VaspRelaxWorkChain(DftRelaxWorkChain):
    """Relax every structure of a set with VASP, through the work chains of aiida-vasp."""

    _protocol = 'relax_vasp'
    _plugin = PLUGIN
    _model = VaspSettings
    _open = MappingProxyType(
        {
            'incar': merge_tags,
            'magnetic_moments': merge_keys,
            'options': merge_keys,
            'potential_mapping': merge_keys,
        }
    )

    @property
    def _settings(self) -> VaspSettings:
        """What VASP calculates, and how."""
        return VaspSettings.parse(self.inputs.settings.get_dict())

    def find_problems(self) -> list[str]:
        """Return what the preflight finds."""
        elements = self.inputs.structures.elements
        options = self.inputs.options.get_dict()
        return vasp_problems(self.inputs.code, self._settings, elements, options)

    def next_attempt(
        self, structure: orm.StructureData, earlier: Sequence[orm.ProcessNode]
    ) -> Attempt | None:
        """Return the next stage, or the same with the next rung of the ladder."""
        settings = self._settings
        stages = settings.stages
        stage = rung = 0
        for child in earlier:
            outcome = read_outcome(child)
            if outcome.electrons_failed and rung < len(settings.ladder):
                rung += 1
            elif stage < len(stages) - 1 and outcome.structure is not None:
                stage += 1
                structure = outcome.structure
            else:
                return None
        label, chosen = stages[stage]
        return self._attempt(structure, chosen, f'{label}_rung_{rung}' if rung else label, rung)

    def _attempt(
        self, structure: orm.StructureData, settings: VaspSettings, label: str, rung: int
    ) -> Attempt:
        """Return the child that relaxes or evaluates one structure.

        :param rung: of the ladder whose tags are used, 0 for none.
        """
        tags = merge_tags(settings.incar, settings.ladder[rung - 1] if rung else {})
        if settings.freedom == 'none':
            still = {'nsw': 0, 'ibrion': -1, 'isif': None, 'ediffg': None}
            inputs = self._vasp_inputs(structure, settings, {**tags, **still})
            inputs['structure'] = structure
            return Attempt(label, _work_chain('vasp.v2.vasp'), inputs)
        shape, volume = _MOVES[settings.freedom]
        relaxation = {
            **settings.relaxation.model_dump(),
            'positions': True,
            'shape': shape,
            'volume': volume,
            # The other mode compares no volumes.
            'convergence_mode': 'inout',
        }
        inputs = {
            'structure': structure,
            'relax_settings': relaxation,
            'vasp': self._vasp_inputs(structure, settings, tags),
        }
        return Attempt(label, _work_chain('vasp.v2.relax'), inputs)

    def _vasp_inputs(
        self, structure: orm.StructureData, settings: VaspSettings, tags: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the inputs of the work chain around one or several runs of VASP.

        :param tags: of INCAR.
        """
        incar = {name: value for name, value in tags.items() if value is not None}
        elements = structure.get_symbols_set()
        inputs = {
            'code': self.inputs.code,
            'parameters': orm.Dict({'incar': incar}),
            'potential_family': orm.Str(settings.potential_family),
            'potential_mapping': orm.Dict(
                {one: settings.potential_mapping.get(one, one) for one in elements}
            ),
            'max_iterations': orm.Int(settings.max_iterations),
            'settings': orm.Dict({'poscar_precision': settings.poscar_precision}),
            'calc': {'metadata': {'options': self.inputs.options.get_dict()}},
        }
        moments = {one: settings.magnetic_moments.get(one, 0.0) for one in elements}
        if any(moments.values()):
            inputs['magmom_mapping'] = orm.Dict(moments)
        if settings.kpoints_mesh is None:
            inputs['kpoints_spacing'] = orm.Float(settings.kpoints_spacing)
        else:
            kpoints = orm.KpointsData()
            kpoints.set_kpoints_mesh(settings.kpoints_mesh)
            inputs['kpoints'] = kpoints
        return inputs

    def collect(self, attempts: Sequence[Sequence[orm.ProcessNode]]) -> orm.ProcessNode:
        """Return the calcfunction that made the set of all rows."""
        freedom = self._settings.freedom
        outcomes = [[read_outcome(child) for child in one] for one in attempts]
        last = [one[-1] for one in outcomes]
        results: dict[str, orm.Data] = {}
        for row, outcome in enumerate(last):
            results |= _results(row_label(row), outcome, freedom)
        elements = self.inputs.structures.elements
        return run_once(
            self,
            collect_vasp,
            'collect',
            structures=self.inputs.structures,
            outcomes=orm.Dict(outcome_table(attempts, outcomes)),
            engine=orm.Dict(vasp_engine(self._settings, elements, last)),
            **results,
        )


def _work_chain(name: str) -> type[Process]:
    """Return a work chain of aiida-vasp."""
    return cast('type[Process]', WorkflowFactory(name))


def _results(label: str, outcome: Outcome, freedom: str) -> dict[str, orm.Data]:
    """Return the nodes that hold the numbers of a row, none if they are not complete."""
    if outcome.misc is None:
        return {}
    if freedom == 'none':
        return {f'{label}_misc': outcome.misc}
    if outcome.structure is None:
        return {}
    return {f'{label}_misc': outcome.misc, f'{label}_structure': outcome.structure}

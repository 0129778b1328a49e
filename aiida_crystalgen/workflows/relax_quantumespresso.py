"""Relaxation of a set of structures with Quantum ESPRESSO."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from aiida import orm
from aiida.engine import Process
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.calculations.functions.collect_quantumespresso import collect_quantumespresso
from aiida_crystalgen.calculations.functions.extract import row_label
from aiida_crystalgen.workflows.children import run_once
from aiida_crystalgen.workflows.dft_relax import (
    Attempt,
    DftRelaxWorkChain,
    merge_keys,
    outcome_table,
)
from aiida_crystalgen.workflows.quantumespresso_engine import quantumespresso_engine
from aiida_crystalgen.workflows.quantumespresso_outcome import (
    EXCEPT_WITH_NEW_BASIS,
    Outcome,
    read_outcome,
)
from aiida_crystalgen.workflows.quantumespresso_preflight import (
    PLUGIN,
    complete_settings,
    pseudo_family,
    quantumespresso_problems,
)
from aiida_crystalgen.workflows.quantumespresso_settings import (
    QuantumEspressoSettings,
    merge_parameters,
)

__all__ = ('QuantumEspressoRelaxWorkChain',)


class QuantumEspressoRelaxWorkChain(DftRelaxWorkChain):
    """Relax every structure of a set with pw.x, through the work chain of aiida-quantumespresso.

    pw.x relaxes a cell at a constant basis set. So the energy of a relaxed cell is that of one more
    evaluation, with the basis set and the k-points that any other evaluation of it would have.
    """

    _protocol = 'relax_quantumespresso'
    _plugin = PLUGIN
    _model = QuantumEspressoSettings
    _open = MappingProxyType(
        {
            'magnetic_moments': merge_keys,
            'options': merge_keys,
            'parallelization': merge_keys,
            'parameters': merge_parameters,
        }
    )

    @property
    def _settings(self) -> QuantumEspressoSettings:
        """What pw.x calculates, and how, as it was given."""
        return QuantumEspressoSettings.parse(self.inputs.settings.get_dict())

    def find_problems(self) -> list[str]:
        """Return what the preflight finds."""
        elements = self.inputs.structures.elements
        options = self.inputs.options.get_dict()
        return quantumespresso_problems(self.inputs.code, self._settings, elements, options)

    def next_attempt(
        self, structure: orm.StructureData, earlier: Sequence[orm.ProcessNode]
    ) -> Attempt | None:
        """Return the next relaxation, or the evaluation of what it came to."""
        settings = self._settings
        if not earlier:
            label = {'cell': 'relax_1', 'ions': 'relax', 'none': 'evaluate'}[settings.freedom]
            kind = {'cell': 'vc-relax', 'ions': 'relax', 'none': 'scf'}[settings.freedom]
            return self._attempt(structure, label, kind)
        outcome = read_outcome(earlier[-1])
        if outcome.calculation != 'vc-relax' or outcome.structure is None:
            return None
        if not outcome.rejection:
            return self._attempt(outcome.structure, 'evaluate', 'scf')
        if outcome.exit_status == EXCEPT_WITH_NEW_BASIS and len(earlier) < settings.relaxations:
            return self._attempt(outcome.structure, f'relax_{len(earlier) + 1}', 'vc-relax')
        return None

    def _attempt(self, structure: orm.StructureData, label: str, calculation: str) -> Attempt:
        """Return the child that relaxes or evaluates one structure.

        :param calculation: as pw.x calls it.
        """
        settings = complete_settings(self._settings, self.inputs.structures.elements)
        pseudos = pseudo_family(settings.pseudo_family).get_pseudos(structure=structure)
        inputs: dict[str, Any] = {
            'pw': {
                'code': self.inputs.code,
                'structure': structure,
                'pseudos': pseudos,
                'parameters': orm.Dict(_parameters(settings, calculation, structure, pseudos)),
                'metadata': {'options': self.inputs.options.get_dict()},
            },
            'max_iterations': orm.Int(settings.max_iterations),
            'clean_workdir': orm.Bool(settings.clean_workdir),
        }
        if settings.parallelization:
            inputs['pw']['parallelization'] = orm.Dict(settings.parallelization)
        if settings.kpoints_spacing is not None:
            inputs['kpoints_distance'] = orm.Float(2 * math.pi * settings.kpoints_spacing)
        else:
            kpoints = orm.KpointsData()
            kpoints.set_kpoints_mesh(settings.kpoints_mesh)
            inputs['kpoints'] = kpoints
        process = cast('type[Process]', WorkflowFactory('quantumespresso.pw.base'))
        return Attempt(label, process, inputs)

    def collect(self, attempts: Sequence[Sequence[orm.ProcessNode]]) -> orm.ProcessNode:
        """Return the calcfunction that made the set of all rows."""
        outcomes = [[read_outcome(child) for child in one] for one in attempts]
        last = [one[-1] for one in outcomes]
        results: dict[str, orm.Data] = {}
        for row, one in enumerate(outcomes):
            results |= _results(row_label(row), one)
        elements = self.inputs.structures.elements
        settings = complete_settings(self._settings, elements)
        return run_once(
            self,
            collect_quantumespresso,
            'collect',
            structures=self.inputs.structures,
            outcomes=orm.Dict(outcome_table(attempts, outcomes)),
            engine=orm.Dict(quantumespresso_engine(settings, elements, last)),
            **results,
        )


def _parameters(
    settings: QuantumEspressoSettings,
    calculation: str,
    structure: orm.StructureData,
    pseudos: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Return the namelists of pw.x for one structure.

    :param calculation: as pw.x calls it.
    :param pseudos: potentials by the kinds of atoms.
    """
    atoms = len(structure.sites)
    decided: dict[str, dict[str, Any]] = {
        'CONTROL': {
            'calculation': calculation,
            'tprnfor': True,
            'tstress': True,
            'etot_conv_thr': atoms * settings.etot_conv_thr_per_atom,
        },
        'ELECTRONS': {'conv_thr': atoms * settings.conv_thr_per_atom},
    }
    moments = {
        kind.name: settings.magnetic_moments.get(kind.symbol, 0.0) for kind in structure.kinds
    }
    if any(moments.values()):
        # pw.x wants the share of the valence electrons that are polarised.
        shares = {
            name: max(-1.0, min(1.0, moment / pseudos[name].z_valence))
            for name, moment in moments.items()
        }
        decided['SYSTEM'] = {'nspin': 2, 'starting_magnetization': shares}
    parameters = merge_parameters(settings.given_parameters, decided)
    idle = {'scf': ('IONS', 'CELL'), 'relax': ('CELL',), 'vc-relax': ()}[calculation]
    return {name: one for name, one in parameters.items() if name not in idle}


def _results(label: str, outcomes: Sequence[Outcome]) -> dict[str, orm.Data]:
    """Return the nodes that hold the numbers of a row, none if they are not complete.

    :param outcomes: of its attempts; the last geometry is that of the last one that moved.
    """
    last = outcomes[-1]
    if last.parameters is None or last.trajectory is None:
        return {}
    results = {f'{label}_parameters': last.parameters, f'{label}_trajectory': last.trajectory}
    structures = [one.structure for one in outcomes if one.structure is not None]
    return {**results, f'{label}_structure': structures[-1]} if structures else results

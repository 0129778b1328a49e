"""Verification: from phases that a potential found to phases that are relaxed well and judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import (
    ExitCode,
    Process,
    ProcessBuilder,
    ProcessSpec,
    ToContext,
    WorkChain,
    if_,
    while_,
)

from aiida_crystalgen.calculations.functions.characterize import characterize
from aiida_crystalgen.calculations.functions.extract import extract, row_label
from aiida_crystalgen.calculations.functions.find_phases import find_phases
from aiida_crystalgen.calculations.functions.join import join
from aiida_crystalgen.calculations.functions.lowest_references import lowest_references
from aiida_crystalgen.calculations.functions.shortlist import shortlist
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.elastic import ElasticWorkChain
from aiida_crystalgen.workflows.engines import engine_inputs, expose_engines, submit_engine
from aiida_crystalgen.workflows.phonon import PhononWorkChain
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.references import ReferencesWorkChain
from aiida_crystalgen.workflows.verify_inputs import prototype_screening, verify_inputs

__all__ = ('VerifyWorkChain', 'define_earlier')


class VerifyWorkChain(WorkChain):
    """Relax the lowest phases with one engine, judge their stability, and record them.

    The lowest references get energies of the same engine first. Phonons and elastic constants are
    measured phase after phase, so that the engine's limit of concurrent calculations holds for all.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        spec.input(
            'phases', valid_type=StructureSetData, help='Distinct structures, the lowest first.'
        )
        spec.input('references', valid_type=StructureSetData, help='Known crystals, with energies.')
        spec.input(
            'round_number',
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Int(1),
            help='Of the round of the search that verifies.',
        )
        define_earlier(spec, 'earlier')
        for name, text in _NUMBERS.items():
            spec.input(
                name,
                valid_type=orm.Int,
                serializer=orm.to_aiida_type,
                validator=_is_positive,
                help=text,
            )
        for name, text in _SETTINGS.items():
            spec.input(
                name,
                valid_type=orm.Dict,
                required=name not in _OPTIONAL,
                serializer=orm.to_aiida_type,
                help=text,
            )
        spec.expose_inputs(
            ReferencesWorkChain,
            namespace='prototypes',
            include=('screening',),
            namespace_options={
                'required': False,
                'populate_defaults': False,
                'validator': None,
                'help': 'How prototypes are sorted out for the engine, where elements have no '
                'references; without it the engine gets them all.',
            },
        )
        expose_engines(spec)
        spec.expose_outputs(ReferencesWorkChain, include=('references',))
        for name, text in _OUTPUTS.items():
            spec.output(name, valid_type=StructureSetData, required=False, help=text)
        spec.output_namespace(
            'verdicts',
            dynamic=True,
            help='On each phase, named by the round and row it comes from.',
        )
        spec.output_namespace(
            'records',
            dynamic=True,
            help='Structure, record and diffraction pattern of each phase, named by its row.',
        )
        spec.outline(
            cls.relax_references,
            cls.relax_shortlist,
            cls.inspect_crystals,
            while_(cls.has_phases_left)(
                if_(cls.should_measure_phonons)(cls.measure_phonons),
                if_(cls.should_measure_elasticity)(cls.measure_elasticity),
                cls.record_phase,
            ),
            cls.finalize,
        )
        for status, (label, message) in _EXIT_CODES.items():
            spec.exit_code(status, label, message=message)

    @classmethod
    def get_builder_from_protocol(
        cls,
        phases: StructureSetData,
        references: StructureSetData,
        engine: Mapping[str, Mapping[str, Any]],
        *,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose settings are those of a protocol.

        :param phases: distinct structures, the lowest first, as a search finds them.
        :param references: known crystals, with energies.
        :param engine: its inputs under its name, as in ``{'vasp': {…}}``.
        :param protocol: the default if None.
        :param overrides: what differs from the protocol, with the keys of its YAML file.
        :raises ValueError: if the protocol or a key of the overrides does not exist.
        """
        builder = cls.get_builder()
        builder.phases = phases
        builder.references = references
        search = protocol_inputs('search', protocol)
        shared = {name: search[name] for name in ('rdf', 'duplicates')}
        comparison = {**search['phases'], **shared}
        inputs = verify_inputs(references.elements, comparison, protocol, overrides)
        if 'potential' not in engine:
            inputs['prototypes'] = prototype_screening(protocol, None)
        for name, value in inputs.items():
            builder[name] = value
        for name, namespace in engine.items():
            builder[name] = dict(namespace)
        return builder

    def relax_references(self) -> ExitCode | ToContext:
        """Relax the lowest references, before the phases: the limit of the engine is for both."""
        known = run_once(
            self,
            lowest_references,
            'lowest_references',
            references=self.inputs.references,
            number=self.inputs.references_of_each,
        )
        if not known.is_finished_ok:
            return failure(self, 'ERROR_NOTHING_CHOSEN', known)
        references = submit_once(
            self,
            ReferencesWorkChain,
            'references',
            known=known.outputs.lowest,
            settings=self.inputs.hull,
            duplicates=self.inputs.comparison['duplicates'],
            reuse=True,
            **self.inputs.get('prototypes', {}),
            **engine_inputs(self),
        )
        return ToContext(references=references)

    def relax_shortlist(self) -> ExitCode | ToContext | None:
        """Relax the lowest phases that were not verified before."""
        references = self.ctx.references
        if 'references' not in references.outputs or not references.outputs.references.number:
            return failure(self, 'ERROR_REFERENCES_FAILED', references)
        self.ctx.known = references.outputs.references
        self.out('references', self.ctx.known)
        phases = run_once(
            self,
            shortlist,
            'shortlist',
            phases=self.inputs.phases,
            number=self.inputs.shortlist,
            **self._earlier('shortlisted'),
        )
        if not phases.is_finished_ok:
            return failure(self, 'ERROR_NOTHING_CHOSEN', phases)
        if 'shortlist' not in phases.outputs:
            return None
        self._keep_shortlist(phases.outputs.shortlist)
        relaxation = submit_engine(self, 'relax', phases.outputs.shortlist, 'cell')
        return ToContext(relaxation=relaxation)

    def inspect_crystals(self) -> ExitCode | None:
        """Find the distinct phases among what the engine relaxed, now and before."""
        self.ctx.row = 0
        if 'relaxation' not in self.ctx:
            return self._take_over()
        relaxation = self.ctx.relaxation
        if 'relaxed' not in relaxation.outputs:
            return failure(self, 'ERROR_RELAXATION_FAILED', relaxation)
        self.out('relaxed', relaxation.outputs.relaxed)
        found = run_once(
            self,
            find_phases,
            'find_phases',
            relaxed=relaxation.outputs.relaxed,
            references=self.ctx.known,
            settings=self.inputs.comparison,
            round_number=self.inputs.round_number,
            **self._earlier('phases'),
        )
        if not found.is_finished_ok:
            return failure(self, 'ERROR_COMPARISON_FAILED', found)
        if 'phases' not in found.outputs:
            number = relaxation.outputs.relaxed.number
            return self.exit_codes.ERROR_NO_PHASES.format(number=number)
        self.ctx.phases = found.outputs.phases
        self.out('phases', self.ctx.phases)
        return None

    def has_phases_left(self) -> bool:
        """Return whether a phase is not recorded yet."""
        return bool(self.ctx.row < self.ctx.phases.number)

    def should_measure_phonons(self) -> bool:
        """Return whether dynamical stability is asked for, and was not measured before."""
        return 'phonons' in self.inputs and self._earlier_verdict('phonons') is None

    def should_measure_elasticity(self) -> bool:
        """Return whether mechanical stability is asked for, and was not measured before."""
        return 'elasticity' in self.inputs and self._earlier_verdict('elasticity') is None

    def measure_phonons(self) -> ToContext:
        """Measure the phonons of a phase; elastic constants settle what they leave in doubt."""
        doubts = {}
        if 'elasticity' in self.inputs:
            doubts['elasticity'] = {'settings': self.inputs.elasticity}
        return ToContext(phonons=self._submit_check(PhononWorkChain, 'phonons', **doubts))

    def measure_elasticity(self) -> ToContext:
        """Measure the elastic constants of a phase."""
        return ToContext(elasticity=self._submit_check(ElasticWorkChain, 'elasticity'))

    def record_phase(self) -> ExitCode | None:
        """Put together what is known of a phase; a check that failed leaves a gap."""
        row, verdicts = self.ctx.row, self._verdicts()
        for name, verdict in verdicts.items():
            self.out(f'verdicts.{self._origin()}_{name}', verdict)
        recorded = run_once(
            self,
            characterize,
            f'characterize_{row_label(row)}',
            phases=self.ctx.phases,
            row=orm.Int(row),
            references=self.ctx.known,
            known=self.inputs.references,
            settings=self.inputs.characterization,
            **verdicts,
        )
        if not recorded.is_finished_ok:
            return failure(self, 'ERROR_RECORDING_FAILED', recorded)
        structure, record = self._structure(row), recorded.outputs.record
        structure.label = f'{record["label"]} {record["formula"]} {record["space_group_symbol"]}'
        self.out(f'records.row_{row}_structure', structure)
        self.out(f'records.row_{row}_record', record)
        self.out(f'records.row_{row}_diffraction', recorded.outputs.diffraction)
        self.ctx.row += 1
        return None

    def finalize(self) -> None:
        """Say how many phases there are."""
        self.report(f'recorded {self.ctx.phases.number} verified phases')

    def _keep_shortlist(self, chosen: StructureSetData) -> None:
        """Return what was put on a shortlist, now and before."""
        earlier = self._earlier('shortlisted')
        if earlier:
            joined = run_once(self, join, 'join_shortlists', now=chosen, **earlier)
            chosen = joined.outputs.structures
        self.out('shortlisted', chosen)

    def _take_over(self) -> ExitCode | None:
        """Return what was verified before, where there is nothing new to verify."""
        earlier = self.inputs.get('earlier', {})
        if 'phases' not in earlier:
            return self.exit_codes.ERROR_NO_PHASES.format(number=0)
        self.ctx.phases = earlier['phases']
        self.out('phases', self.ctx.phases)
        self.out('shortlisted', earlier['shortlisted'])
        return None

    def _earlier(self, name: str) -> dict[str, StructureSetData]:
        """Return what the rounds before have left of this name, as an input of a function."""
        earlier = self.inputs.get('earlier', {})
        return {'earlier': earlier[name]} if name in earlier else {}

    def _origin(self) -> str:
        """Return the round and row that the phase whose turn it is comes from."""
        number, row = (
            self.ctx.phases.get_array(StructureSetData.COLUMN_PREFIX + name)[self.ctx.row]
            for name in ('round', 'relaxed_row')
        )
        return f'round_{number}_row_{row}'

    def _earlier_verdict(self, name: str) -> orm.Dict | None:
        """Return the verdict of a round before on the phase whose turn it is, or None."""
        verdicts = self.inputs.get('earlier', {}).get('verdicts', {})
        return verdicts.get(f'{self._origin()}_{name}')

    def _verdicts(self) -> dict[str, orm.Dict]:
        """Return the verdicts on the phase whose turn it is, by the names of the checks."""
        verdicts = {}
        for name in _OPTIONAL:
            earlier = self._earlier_verdict(name)
            if earlier is not None:
                verdicts[name] = earlier
            elif name in self.inputs and name in self.ctx[name].outputs:
                # Each check gives its verdict by its own name.
                verdicts[name] = self.ctx[name].outputs[name]
        return verdicts

    def _submit_check(self, process: type[Process], name: str, **inputs: Any) -> orm.ProcessNode:
        """Return the work chain that judges the phase whose turn it is."""
        return submit_once(
            self,
            process,
            f'{name}_{row_label(self.ctx.row)}',
            structure=self._structure(self.ctx.row),
            settings=self.inputs[name],
            **inputs,
            **engine_inputs(self),
        )

    def _structure(self, row: int) -> orm.StructureData:
        """Return a phase as a structure of its own."""
        extraction = run_once(
            self,
            extract,
            f'extract_{row_label(row)}',
            structures=self.ctx.phases,
            row=orm.Int(row),
        )
        return extraction.outputs[row_label(row)]


def define_earlier(spec: ProcessSpec, namespace: str) -> None:
    """Define the inputs that say what was verified before."""
    for name, text in _EARLIER.items():
        spec.input(f'{namespace}.{name}', valid_type=StructureSetData, required=False, help=text)
    spec.input_namespace(
        f'{namespace}.verdicts',
        dynamic=True,
        valid_type=orm.Dict,
        help='On the phases verified before.',
    )


def _is_positive(node: orm.Int, _: Any) -> str | None:
    """Return why the number cannot be one of crystals, or nothing."""
    return None if node.value > 0 else f'{node.value} crystals are asked for; it is at least 1.'


_NUMBERS = {
    'shortlist': 'Number of phases that are verified, the lowest ones.',
    'references_of_each': 'Number of references of each composition, the lowest ones.',
}
_EARLIER = {
    'phases': 'Phases verified before.',
    'shortlisted': 'What was on the shortlists before, and is not verified again.',
}
_OPTIONAL = ('phonons', 'elasticity')
_SETTINGS = {
    'comparison': 'What counts as a phase once the engine has relaxed it.',
    'characterization': 'How phases are characterized.',
    'hull': 'Elements and compounds of the hull, of which prototypes fill the gaps.',
    'phonons': 'Settings of the phonons; without them there are none.',
    'elasticity': 'Settings of the elastic constants; without them there are none.',
}
_OUTPUTS = {
    'relaxed': 'The shortlist as the engine relaxed it, one row each.',
    'phases': 'The distinct physical ones of all rounds, the lowest first.',
    'shortlisted': 'What was on the shortlists of all rounds.',
}
_EXIT_CODES = {
    460: ('ERROR_NOTHING_CHOSEN', 'There is nothing to verify; {process}: {reason}.'),
    461: ('ERROR_RELAXATION_FAILED', 'No phase was relaxed; {process}: {reason}.'),
    462: ('ERROR_REFERENCES_FAILED', 'The references have no energies; {process}: {reason}.'),
    463: ('ERROR_COMPARISON_FAILED', 'The phases could not be compared; {process}: {reason}.'),
    464: ('ERROR_NO_PHASES', 'None of {number} relaxed phases is physical and low in energy.'),
    465: ('ERROR_RECORDING_FAILED', 'A phase could not be recorded; {process}: {reason}.'),
}

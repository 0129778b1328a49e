"""Phonons and dynamical stability of one structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, ToContext, WorkChain, if_

from aiida_crystalgen.calculations.functions.displace import displace
from aiida_crystalgen.calculations.functions.follow_modes import follow_modes
from aiida_crystalgen.calculations.functions.keep_followed import keep_followed
from aiida_crystalgen.calculations.functions.phonons import phonons
from aiida_crystalgen.calculations.functions.symmetrize import symmetrize
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.crystal_inputs import is_crystal
from aiida_crystalgen.workflows.elastic import ElasticWorkChain
from aiida_crystalgen.workflows.engines import (
    Freedom,
    engine_inputs,
    engine_name,
    expose_engines,
    set_engine,
    submit_engine,
    unknown_engine,
)
from aiida_crystalgen.workflows.protocol import protocol_inputs

__all__ = ('PhononWorkChain',)

_OUTPUTS = {
    'symmetrized': (
        orm.StructureData,
        'The structure as a standard primitive cell, which all q-points refer to.',
    ),
    'supercells': (
        StructureSetData,
        'The supercells with forces in eV/Å, the one without displacement first.',
    ),
    'phonons': (
        orm.Dict,
        'Whether it is stable, where and by how much it is not, and the engine.',
    ),
    'bands': (orm.BandsData, 'Frequencies along the path, in THz.'),
    'mesh': (orm.BandsData, 'Frequencies on a mesh, in THz.'),
    'dos': (orm.XyData, 'Density of states in 1/THz.'),
    'force_constants': (
        orm.ArrayData,
        'In eV/Å², between the atoms of the primitive cell and of the supercell.',
    ),
}
_FOLLOWED = {
    'following': (
        orm.Dict,
        'What each mode of the last round led to, and by how much the energy fell.',
    ),
    'structure': (
        orm.StructureData,
        'The relaxed structure of the lowest energy, of the last round.',
    ),
    'phonons': (orm.Dict, 'Whether that structure is stable.'),
    'bands': (orm.BandsData, 'Its frequencies along its own path, in THz.'),
}
_EXIT_CODES = {
    450: ('ERROR_DISPLACING_FAILED', 'Nothing was displaced; {process}: {reason}.'),
    451: ('ERROR_ENGINE_FAILED', 'There are no forces; {process}: {reason}.'),
    452: ('ERROR_PHONONS_FAILED', 'There are no phonons; {process}: {reason}.'),
    453: ('ERROR_FOLLOWING_FAILED', 'The imaginary modes lead nowhere; {process}: {reason}.'),
    454: (
        'ERROR_FOLLOWED_PHONONS_FAILED',
        'The followed structure has no phonons; {process}: {reason}.',
    ),
}


class PhononWorkChain(WorkChain):
    """Calculate the phonons of a structure, judge its stability, and follow imaginary modes.

    The structure has to be relaxed with the same engine before.
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
            help='Supercells, sampling, tolerances and following; a protocol gives them all.',
        )
        spec.expose_inputs(
            ElasticWorkChain,
            namespace='elasticity',
            include=('settings',),
            namespace_options={
                'required': False,
                'populate_defaults': False,
                'validator': None,
                'help': 'Elastic constants, which decide where the supercell is too small to tell, '
                'near Γ; without these inputs the tolerances do.',
            },
        )
        expose_engines(spec)
        for name, (kind, text) in _OUTPUTS.items():
            spec.output(name, valid_type=kind, help=text)
        spec.output(
            'thermal',
            valid_type=orm.XyData,
            required=False,
            help='Free energy, entropy and heat capacity over the temperature, if it is stable.',
        )
        spec.output_namespace('followed', help='What the imaginary modes lead to.')
        for name, (kind, text) in _FOLLOWED.items():
            spec.output(f'followed.{name}', valid_type=kind, required=False, help=text)
        spec.outline(
            cls.displace_atoms,
            cls.evaluate_forces,
            cls.judge_phonons,
            if_(cls.should_measure_elasticity)(cls.measure_elasticity, cls.judge_again),
            cls.report_phonons,
            if_(cls.should_follow_modes)(
                cls.relax_along_modes,
                cls.inspect_followed,
                if_(cls.should_repeat)(cls.repeat_phonons, cls.inspect_repeated),
            ),
        )
        for status, (label, message) in _EXIT_CODES.items():
            spec.exit_code(status, label, message=message)

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
        :param code: for the potential, whose executable is crystalgen-run; None evaluates in the
            process.
        :param overrides: what differs from the protocol, with the keys of its YAML file.
        :raises ValueError: if the protocol or a key of the overrides does not exist.
        """
        builder = cls.get_builder()
        builder.structure = structure
        builder.settings = protocol_inputs('phonon', protocol, overrides)
        builder['elasticity'] = {'settings': protocol_inputs('elastic', protocol)}
        set_engine(builder, engine, protocol, code)
        return builder

    def displace_atoms(self) -> ExitCode | None:
        """Bring the structure to a standard cell, and displace the atoms of its supercell."""
        settings = self.inputs.settings
        symmetrized = run_once(
            self,
            symmetrize,
            'symmetrize',
            structure=self.inputs.structure,
            tolerance=orm.Float(settings['symmetry_tolerance']),
        )
        if not symmetrized.is_finished_ok:
            return failure(self, 'ERROR_DISPLACING_FAILED', symmetrized)
        structure = symmetrized.outputs.symmetrized
        displaced = run_once(self, displace, 'displace', structure=structure, settings=settings)
        if not displaced.is_finished_ok:
            return failure(self, 'ERROR_DISPLACING_FAILED', displaced)
        self.out('symmetrized', structure)
        self.ctx.supercells = displaced.outputs.supercells
        return None

    def evaluate_forces(self) -> ToContext:
        """Let the engine evaluate the supercells as they are."""
        return ToContext(evaluation=self._submit('evaluate', self.ctx.supercells, 'none'))

    def judge_phonons(self) -> ExitCode | None:
        """Fit the force constants, and judge the phonons."""
        evaluation = self.ctx.evaluation
        if 'relaxed' not in evaluation.outputs:
            return failure(self, 'ERROR_ENGINE_FAILED', evaluation)
        self.out('supercells', evaluation.outputs.relaxed)
        judged = self._judge('phonons')
        if not judged.is_finished_ok:
            return failure(self, 'ERROR_PHONONS_FAILED', judged)
        self.ctx.judged = judged
        return None

    def should_measure_elasticity(self) -> bool:
        """Return whether elastic constants decide, and their settings are given."""
        interpolated = self.ctx.judged.outputs.phonons['interpolated']
        return bool(interpolated and self.inputs.get('elasticity'))

    def measure_elasticity(self) -> ToContext:
        """Measure the elastic constants of the crystal whose phonons these are."""
        # With another tolerance it could be another space group, and another crystal.
        tolerance = self.inputs.settings['symmetry_tolerance']
        settings = {**self.inputs.elasticity.settings.get_dict(), 'symmetry_tolerance': tolerance}
        child = submit_once(
            self,
            ElasticWorkChain,
            'elasticity',
            structure=self.outputs['symmetrized'],
            settings=orm.Dict(settings),
            **engine_inputs(self),
        )
        return ToContext(elastic=child)

    def judge_again(self) -> ExitCode | None:
        """Judge the phonons with the elastic constants; without them the first verdict holds."""
        elastic = self.ctx.elastic
        if 'elasticity' not in elastic.outputs:
            self.report(f'there are no elastic constants: {elastic.exit_message}')
            return None
        judged = self._judge('phonons_and_sound', elasticity=elastic.outputs.elasticity)
        if not judged.is_finished_ok:
            return failure(self, 'ERROR_PHONONS_FAILED', judged)
        self.ctx.judged = judged
        return None

    def report_phonons(self) -> None:
        """Give out the phonons, and say what they are."""
        outputs = self.ctx.judged.outputs
        for name in outputs:
            self.out(name, outputs[name])
        verdict = outputs.phonons
        self.ctx.imaginary = len(verdict['imaginary_points'])
        self.report(
            f'{verdict["verdict"]}: {verdict["smallest_frequency"]:.2f} THz at '
            f'{verdict["label"] or verdict["q_point"]}'
        )

    def should_follow_modes(self) -> bool:
        """Return whether there are imaginary modes to follow, and they are to be followed."""
        return bool(self.ctx.imaginary and self.inputs.settings['following']['rounds'])

    def relax_along_modes(self) -> ExitCode | ToContext:
        """Displace the structure along its imaginary modes, and let the engine relax what comes."""
        displaced = run_once(
            self,
            follow_modes,
            'follow_modes',
            structure=self.outputs['symmetrized'],
            force_constants=self.outputs['force_constants'],
            phonons=self.outputs['phonons'],
            settings=self.inputs.settings,
        )
        if not displaced.is_finished_ok:
            return failure(self, 'ERROR_FOLLOWING_FAILED', displaced)
        self.ctx.displaced = displaced.outputs.displaced
        return ToContext(relaxation=self._submit('relax', self.ctx.displaced, 'cell'))

    def inspect_followed(self) -> ExitCode | None:
        """Keep the lowest structure, if the energy fell."""
        relaxation = self.ctx.relaxation
        if 'relaxed' not in relaxation.outputs:
            return failure(self, 'ERROR_FOLLOWING_FAILED', relaxation)
        kept = run_once(
            self,
            keep_followed,
            'keep_followed',
            displaced=self.ctx.displaced,
            relaxed=relaxation.outputs.relaxed,
            phonons=self.outputs['phonons'],
            settings=self.inputs.settings,
        )
        if not kept.is_finished_ok:
            return failure(self, 'ERROR_FOLLOWING_FAILED', kept)
        self.out('followed.following', kept.outputs.following)
        if 'structure' not in kept.outputs:
            self.report('no imaginary mode leads to a lower energy')
            return None
        self.ctx.followed = kept.outputs.structure
        if not self.should_repeat():
            self.out('followed.structure', self.ctx.followed)
        return None

    def should_repeat(self) -> bool:
        """Return whether the structure that was kept gets phonons of its own."""
        return 'followed' in self.ctx and self.inputs.settings['following']['phonons']

    def repeat_phonons(self) -> ToContext:
        """Calculate the phonons of the structure that was kept."""
        settings = self.inputs.settings.get_dict()
        settings['following']['rounds'] -= 1
        child = submit_once(
            self,
            type(self),
            'followed',
            structure=self.ctx.followed,
            settings=orm.Dict(settings),
            elasticity=self.inputs.get('elasticity', {}),
            **engine_inputs(self),
        )
        return ToContext(repeated=child)

    def inspect_repeated(self) -> ExitCode | None:
        """Pass on these phonons, and what their own imaginary modes lead to."""
        repeated = self.ctx.repeated
        links = repeated.base.links.get_outgoing(link_type=LinkType.RETURN)
        outputs = {link.link_label: link.node for link in links.all()}
        last = 'followed__' if 'followed__structure' in outputs else ''
        self.out('followed.structure', outputs.get(f'{last}structure', self.ctx.followed))
        for name in ('phonons', 'bands'):
            if f'{last}{name}' in outputs:
                self.out(f'followed.{name}', outputs[f'{last}{name}'])
        if not repeated.is_finished_ok:
            return failure(self, 'ERROR_FOLLOWED_PHONONS_FAILED', repeated)
        return None

    def _judge(self, label: str, **elasticity: orm.Dict) -> orm.ProcessNode:
        """Return the calcfunction that fits the force constants, and judges the phonons."""
        return run_once(
            self,
            phonons,
            label,
            structure=self.outputs['symmetrized'],
            supercells=self.ctx.supercells,
            evaluated=self.ctx.evaluation.outputs.relaxed,
            settings=self.inputs.settings,
            **elasticity,
        )

    def _submit(
        self, label: str, structures: StructureSetData, freedom: Freedom
    ) -> orm.ProcessNode:
        """Return the child that runs the engine with the exactness that phonons need."""
        changes = self.inputs.settings['engines'].get(engine_name(self.inputs), {})
        return submit_engine(self, label, structures, freedom, changes=changes)


def _is_settings(node: orm.Dict, _: Any) -> str | None:
    """Return why the settings cannot be used, or nothing."""
    from aiida_crystalgen.science.stability.phonons.settings import PhononSettings

    try:
        settings = PhononSettings.parse(node.get_dict())
    except ValueError as exception:
        return str(exception)
    return unknown_engine(settings.engines)

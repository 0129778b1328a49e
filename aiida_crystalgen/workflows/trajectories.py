"""Training sets with energies from the relaxation of random crystals with a potential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, ToContext, WorkChain

from aiida_crystalgen.calculations.functions.collect_frames import collect_frames
from aiida_crystalgen.calculations.functions.keep_valid import keep_valid
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.generators.interface import Request, load_generator
from aiida_crystalgen.workflows.children import failure, run_once, submit_once
from aiida_crystalgen.workflows.propose import ProposeWorkChain
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain
from aiida_crystalgen.workflows.search_requests import build_request, refuse_foreign_pairs

__all__ = ('TrajectoriesWorkChain',)

_METHOD: Final = 'random_symmetric'


class TrajectoriesWorkChain(WorkChain):
    """Propose crystals, relax them with a potential, and keep crystals on their ways with energies.

    The ways of random crystals hold good crystals and bad ones: a training set for generators that
    are asked for an energy, and for surrogates. The recipe is that of Fung et al. 2022.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Define ports, outline and exit codes."""
        super().define(spec)
        shared = ('code', 'options')
        spec.expose_inputs(ProposeWorkChain, namespace='propose', exclude=shared)
        spec.expose_inputs(
            PotentialRelaxWorkChain, namespace='relax', exclude=('structures', *shared)
        )
        spec.inputs['relax']['settings'].validator = _keep_frames
        spec.expose_inputs(PotentialRelaxWorkChain, include=shared)
        spec.output(
            'relaxed',
            valid_type=StructureSetData,
            required=False,
            help='The proposed crystals after the relaxation, one row each.',
        )
        spec.output(
            'training',
            valid_type=StructureSetData,
            required=False,
            help='Crystals on the way and at its end, with energy in eV/atom, step, and as '
            'trajectory the row of the relaxed crystal that they lead to.',
        )
        spec.outline(
            cls.propose_crystals,
            cls.inspect_proposals,
            cls.relax_crystals,
            cls.inspect_relaxation,
            cls.collect_frames,
        )
        for status, (label, message) in _EXIT_CODES.items():
            spec.exit_code(status, label, message=message)

    @classmethod
    def get_builder_from_protocol(
        cls,
        composition: str,
        *,
        protocol: str | None = None,
        code: orm.AbstractCode | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose settings are those of a protocol.

        :param composition: formula unit, as in 'C' or 'SnSe'.
        :param protocol: the default if None.
        :param code: whose executable is crystalgen-run; None works in the process.
        :param overrides: what differs from the protocol, with the keys of its YAML file.
        :raises ValueError: naming the first key or value that does not fit.
        """
        chosen = protocol_inputs('trajectories', protocol, overrides)
        relaxation = protocol_inputs('relax', protocol, chosen['relax'], where='relax')
        relaxation['frames'] = chosen['frames']
        _check_relaxation(relaxation)
        builder = cls.get_builder()
        builder['propose'] = {
            'method': _METHOD,
            'request': _request(composition, chosen),
            'seed': chosen['seed'],
        }
        builder['relax'] = {'potential': relaxation.pop('potential'), 'settings': relaxation}
        if code is not None:
            builder.code = code
        if chosen['options']:
            builder.options = chosen['options']
        return builder

    def propose_crystals(self) -> ToContext:
        """Let the generator propose."""
        inputs = self.exposed_inputs(ProposeWorkChain, namespace='propose') | self._code()
        return ToContext(proposing=submit_once(self, ProposeWorkChain, 'propose', **inputs))

    def inspect_proposals(self) -> ExitCode | None:
        """Keep the proposals that the generator has not rejected itself."""
        if not self.ctx.proposing.is_finished_ok:
            return failure(self, 'ERROR_PROPOSING_FAILED', self.ctx.proposing)
        proposals = self.ctx.proposing.outputs.proposals
        kept = run_once(self, keep_valid, 'keep_valid', proposals=proposals)
        if not kept.is_finished_ok:
            return failure(self, 'ERROR_PROPOSING_FAILED', kept)
        self.ctx.structures = kept.outputs.valid
        self.report(f'{self.ctx.structures.number} of {proposals.number} candidates are relaxed')
        return None

    def relax_crystals(self) -> ToContext:
        """Relax all crystals."""
        inputs = self.exposed_inputs(PotentialRelaxWorkChain, namespace='relax') | self._code()
        relaxation = submit_once(
            self, PotentialRelaxWorkChain, 'relax', structures=self.ctx.structures, **inputs
        )
        return ToContext(relaxation=relaxation)

    def inspect_relaxation(self) -> ExitCode | None:
        """Go on with all crystals that came through, even if the job was cut short."""
        relaxation = self.ctx.relaxation
        if 'trajectory' not in relaxation.outputs:
            return failure(self, 'ERROR_RELAXATION_FAILED', relaxation)
        if not relaxation.is_finished_ok:
            number = relaxation.outputs.relaxed.number
            self.report(f'only {number} crystals are relaxed: {relaxation.exit_message}')
        self.out('relaxed', relaxation.outputs.relaxed)
        return None

    def collect_frames(self) -> ExitCode | None:
        """Put the frames together that can be learned from."""
        outputs = self.ctx.relaxation.outputs
        collected = run_once(
            self,
            collect_frames,
            'collect',
            structures=self.ctx.structures,
            relaxed=outputs.relaxed,
            trajectory=outputs.trajectory,
            settings=self.inputs.relax.settings,
        )
        if not collected.is_finished_ok:
            return failure(self, 'ERROR_NO_FRAMES', collected)
        training = collected.outputs.training
        self.out('training', training)
        number = training.facts['source']['trajectories']
        self.report(f'{training.number} frames of {number} trajectories')
        return None

    def _code(self) -> dict[str, Any]:
        """Return where both steps run."""
        return {name: self.inputs[name] for name in ('code', 'options') if name in self.inputs}


def _request(composition: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request to the generator, in numbers."""
    refuse_foreign_pairs([composition], chosen['distances'])
    generator = load_generator(_METHOD)
    request = build_request(
        composition, {**chosen, 'targets': []}, None, chosen['candidates'], generator
    )
    return Request.parse({**request, 'periodic': chosen['periodic']}).model_dump(mode='json')


def _check_relaxation(relaxation: Mapping[str, Any]) -> None:
    """Raise for the first setting of the relaxation that the science would refuse."""
    from aiida_crystalgen.science.potentials.interface import load_potential, potential_names
    from aiida_crystalgen.science.relaxation import RelaxSettings

    settings = {key: value for key, value in relaxation.items() if key != 'potential'}
    RelaxSettings.parse(settings, 'relax')
    if relaxation['potential'] not in potential_names():
        load_potential(relaxation['potential'])  # the error of an unknown one


def _keep_frames(node: orm.Dict, _: Any) -> str | None:
    """Return why a relaxation with these settings keeps no frames, or nothing."""
    if node.get_dict().get('frames') is None:
        return "the settings of the relaxation have no 'frames', so that none would be kept."
    return None


_EXIT_CODES = {
    460: ('ERROR_PROPOSING_FAILED', 'There are no crystals to relax; {process}: {reason}.'),
    461: ('ERROR_RELAXATION_FAILED', 'Nothing was relaxed; {process}: {reason}.'),
    462: ('ERROR_NO_FRAMES', 'There is nothing to learn from; {process}: {reason}.'),
}

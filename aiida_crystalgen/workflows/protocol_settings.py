"""Which settings the keys of a protocol become."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiida_crystalgen.science.settings import Settings

__all__ = ('Models', 'settings_models')

Models = tuple[type[Settings], ...]


def settings_models(name: str) -> Mapping[str, Models]:
    """Return the settings of the mapping at each dotted path of a protocol, '' for the top.

    Those inside others are found by their fields and not named here. The training of a generator of
    another package has none.
    """
    return _MODELS[name]() if name in _MODELS else {}


def _search() -> dict[str, Models]:
    """Return the settings of a search."""
    from aiida_crystalgen.science.allocation import AllocationSettings
    from aiida_crystalgen.science.fingerprints.rdf import RdfSettings
    from aiida_crystalgen.science.generators.interface import Request
    from aiida_crystalgen.science.growth import GrowthSettings
    from aiida_crystalgen.science.phases import PhaseSettings
    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings
    from aiida_crystalgen.science.screening.selection import ScreeningSettings
    from aiida_crystalgen.workflows.budget import Budget
    from aiida_crystalgen.workflows.generator_choice import GeneratorChoice
    from aiida_crystalgen.workflows.specification import SearchNumbers
    from aiida_crystalgen.workflows.verify_choice import StabilityChoice, VerificationChoice

    return {
        '': (SearchNumbers, Request),
        'generators': (GeneratorChoice,),
        'screening': (ScreeningSettings,),
        'phases': (PhaseSettings,),
        'verify': (VerificationChoice,),
        'stability': (StabilityChoice,),
        'budget': (Budget,),
        'growth': (GrowthSettings,),
        'allocation': (AllocationSettings,),
        'rdf': (RdfSettings,),
        'duplicates': (DuplicateSettings,),
    }


def _characterization() -> dict[str, Models]:
    """Return the settings of a characterization."""
    from aiida_crystalgen.science.characterization.diffraction import DiffractionSettings
    from aiida_crystalgen.science.screening.matching import MatchTolerances

    return {'prototypes': (MatchTolerances,), 'diffraction': (DiffractionSettings,)}


def _elastic() -> dict[str, Models]:
    """Return the settings of elastic constants."""
    from aiida_crystalgen.science.stability.elasticity.settings import ElasticSettings

    return {'': (ElasticSettings,), **_engines()}


def _evaluate() -> dict[str, Models]:
    """Return the settings of an evaluation."""
    from aiida_crystalgen.science.metrics.settings import EvaluationSettings

    return {'': (EvaluationSettings,)}


def _phonon() -> dict[str, Models]:
    """Return the settings of phonons."""
    from aiida_crystalgen.science.stability.phonons.settings import PhononSettings

    return {'': (PhononSettings,), **_engines()}


def _engines() -> dict[str, Models]:
    """Return the settings of each engine that differ from its own protocol."""
    from aiida_crystalgen.science.relaxation.settings import RelaxSettings
    from aiida_crystalgen.workflows.quantumespresso_settings import QuantumEspressoSettings
    from aiida_crystalgen.workflows.vasp_settings import VaspSettings

    return {
        'engines.potential': (RelaxSettings,),
        'engines.quantumespresso': (QuantumEspressoSettings,),
        'engines.vasp': (VaspSettings,),
    }


def _references() -> dict[str, Models]:
    """Return the settings of the references of a hull."""
    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings
    from aiida_crystalgen.science.stability.references import ReferenceSettings

    return {'': (ReferenceSettings,), 'duplicates': (DuplicateSettings,)}


def _relax() -> dict[str, Models]:
    """Return the settings of a relaxation with a potential."""
    from aiida_crystalgen.science.relaxation.settings import RelaxSettings

    return {'': (RelaxSettings,)}


def _relax_quantumespresso() -> dict[str, Models]:
    """Return the settings of a relaxation with Quantum ESPRESSO."""
    from aiida_crystalgen.workflows.quantumespresso_settings import QuantumEspressoSettings

    return {'': (QuantumEspressoSettings,)}


def _relax_vasp() -> dict[str, Models]:
    """Return the settings of a relaxation with VASP."""
    from aiida_crystalgen.workflows.vasp_settings import Stage, VaspSettings

    return {'': (VaspSettings,), 'coarse': (Stage,)}


def _propose_acsf_cvae() -> dict[str, Models]:
    """Return the settings of proposing by acsf_cvae."""
    from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvaeProposing

    return {'': (AcsfCvaeProposing,)}


def _propose_rdf_vae() -> dict[str, Models]:
    """Return the settings of proposing by rdf_vae."""
    from aiida_crystalgen.science.generators.rdf_vae.proposing import RdfVaeProposing

    return {'': (RdfVaeProposing,)}


def _propose_site_network() -> dict[str, Models]:
    """Return the settings of proposing by site_network."""
    from aiida_crystalgen.science.generators.site_network.proposal import ProposingSettings

    return {'': (ProposingSettings,)}


def _train_site_network() -> dict[str, Models]:
    """Return the settings of the training of site_network."""
    from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings

    return {'': (SiteNetworkSettings,)}


def _propose_score_langevin() -> dict[str, Models]:
    """Return the settings of proposing by score_langevin."""
    from aiida_crystalgen.science.generators.score_langevin import ScoreLangevinProposing

    return {'': (ScoreLangevinProposing,)}


def _train_score_langevin() -> dict[str, Models]:
    """Return the settings of the training of score_langevin."""
    from aiida_crystalgen.science.generators.score_langevin import ScoreLangevinSettings

    return {'': (ScoreLangevinSettings,)}


def _train_acsf_cvae() -> dict[str, Models]:
    """Return the settings of the training of acsf_cvae."""
    from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvaeSettings

    return {'': (AcsfCvaeSettings,)}


def _train_rdf_vae() -> dict[str, Models]:
    """Return the settings of the training of rdf_vae."""
    from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings

    return {'': (RdfVaeSettings,)}


def _trajectories() -> dict[str, Models]:
    """Return the settings of a training set from trajectories."""
    from aiida_crystalgen.science.generators.interface import Request
    from aiida_crystalgen.science.relaxation.settings import FrameSettings

    return {'': (Request,), 'frames': (FrameSettings,)}


def _verify() -> dict[str, Models]:
    """Return the settings of a verification, as far as a search gives them."""
    from aiida_crystalgen.science.relaxation.settings import RelaxSettings
    from aiida_crystalgen.workflows.verify_choice import VerificationChoice

    return {'': (VerificationChoice,), 'relax': (RelaxSettings,)}


_MODELS: dict[str, Callable[[], dict[str, Models]]] = {
    'characterization': _characterization,
    'elastic': _elastic,
    'evaluate': _evaluate,
    'phonon': _phonon,
    'propose/acsf_cvae': _propose_acsf_cvae,
    'propose/rdf_vae': _propose_rdf_vae,
    'propose/score_langevin': _propose_score_langevin,
    'propose/site_network': _propose_site_network,
    'references': _references,
    'relax': _relax,
    'relax_quantumespresso': _relax_quantumespresso,
    'relax_vasp': _relax_vasp,
    'search': _search,
    'train/acsf_cvae': _train_acsf_cvae,
    'train/rdf_vae': _train_rdf_vae,
    'train/score_langevin': _train_score_langevin,
    'trajectories': _trajectories,
    'train/site_network': _train_site_network,
    'verify': _verify,
}

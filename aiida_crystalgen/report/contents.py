"""What a report shows: arrays, numbers and text, whoever looked them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_masses
from jaxtyping import Float, Int

from aiida_crystalgen.report.campaign import Round, SearchComparison
from aiida_crystalgen.report.evaluation import EvaluationResult
from aiida_crystalgen.report.generation import DenoisingFilm, SpaceGroupCounts
from aiida_crystalgen.report.measurements import Diffraction, Elasticity, Phonons
from aiida_crystalgen.report.ranking import CompoundRanking
from aiida_crystalgen.report.targets import TargetResults
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.structures import formulas

if TYPE_CHECKING:
    from aiida_crystalgen.science.stability.diagram import HullDiagram

__all__ = (
    'Citation',
    'EnergyGroup',
    'Engine',
    'LatentMap',
    'LatentPoints',
    'NodeReference',
    'Phase',
    'ProposalReport',
    'RdfComparison',
    'SearchReport',
    'Stage',
    'TrainingCurves',
)

_DENSITY = 1.66053906892  # g/cm³ in u/Å³: CODATA 2022


@dataclass(frozen=True)
class Engine:
    """What computed an energy.

    :param name: of the potential or the DFT code, as in '7net-0'.
    :param package: that implements it.
    :param version: of the package.
    :param emulated: whether a stand-in gave the numbers in place of the real program.
    """

    name: str
    package: str
    version: str
    emulated: bool = False

    def __str__(self) -> str:
        return f'{self.name} ({self.package} {self.version})'


@dataclass(frozen=True)
class TrainingCurves:
    """The losses of a training, on what it saw and on what it did not see, epoch by epoch.

    :param training: curves on the training set by their names, the main one first.
    :param validation: the same on the validation set, if one was kept apart.
    :raises ValueError: if a curve has not one value per epoch.
    """

    training: Mapping[str, Float[np.ndarray, ' epochs']]
    validation: Mapping[str, Float[np.ndarray, ' epochs']] | None = None

    def __post_init__(self) -> None:
        """Check the lengths."""
        for curves in (self.training, self.validation or {}):
            _require_lengths(len(self.epochs), 'epochs', *curves.values())

    @property
    def main(self) -> str:
        """Name of the main curve."""
        return next(iter(self.training))

    @property
    def epochs(self) -> Int[np.ndarray, ' epochs']:
        """Number of each epoch, from 1."""
        return np.arange(1, len(self.training[self.main]) + 1)


@dataclass(frozen=True)
class LatentPoints:
    """Crystals on the map of a model.

    :param labels: of the crystals.
    :param coordinates: two of each.
    :param energies: above the lowest one, in eV/atom; NaN where unknown.
    :raises ValueError: if the lengths differ, or a coordinate is not a finite number.
    """

    labels: tuple[str, ...]
    coordinates: Float[np.ndarray, 'crystals 2']
    energies: Float[np.ndarray, ' crystals']

    def __post_init__(self) -> None:
        """Check the lengths."""
        _require_lengths(len(self.labels), 'labels', self.coordinates, self.energies)
        lost = np.flatnonzero(~np.isfinite(self.coordinates).all(axis=1))
        if len(lost):
            raise ValueError(f"'{self.labels[lost[0]]}' has no finite latent coordinates")


@dataclass(frozen=True)
class LatentMap:
    """Where a trained model puts crystals.

    :param training: the crystals that it was trained on.
    :param axes: what the two coordinates are.
    :param replicas: coordinates of what the model drew, as those of replicas.
    :param phases: the phases found.
    """

    training: LatentPoints
    axes: tuple[str, str]
    replicas: Float[np.ndarray, 'replicas 2'] | None = None
    phases: LatentPoints | None = None


@dataclass(frozen=True)
class RdfComparison:
    """Radial distribution functions n(r) of a phase and of the known crystal nearest to it.

    :param phase: label of the phase.
    :param reference: label of the known crystal.
    :param radii: grid of distances in Å, for all curves.
    :param of_phase: n(r) of the relaxed phase.
    :param of_reference: n(r) of the known crystal.
    :param distance: Pearson distance between these two.
    :param of_candidate: n(r) of the candidate before its relaxation.
    :param candidate_distance: Pearson distance of the candidate from the known crystal.
    :raises ValueError: if a curve has not one value per radius.
    """

    phase: str
    reference: str
    radii: Float[np.ndarray, ' points']
    of_phase: Float[np.ndarray, ' points']
    of_reference: Float[np.ndarray, ' points']
    distance: float
    of_candidate: Float[np.ndarray, ' points'] | None = None
    candidate_distance: float | None = None

    def __post_init__(self) -> None:
        """Check the lengths."""
        curves = [self.of_phase, self.of_reference]
        if self.of_candidate is not None:
            curves.append(self.of_candidate)
        _require_lengths(len(self.radii), 'radii', *curves)


@dataclass(frozen=True)
class EnergyGroup:
    """Energies of crystals that came the same way.

    :param name: of the group, as in 'known crystals' or 'similar to replicas'.
    :param energies: above the lowest crystal of the whole report, in eV/atom.
    :param labels: of the crystals, or none.
    :raises ValueError: if there are labels, but not one per energy.
    """

    name: str
    energies: Float[np.ndarray, ' crystals']
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the lengths."""
        if self.labels:
            _require_lengths(len(self.labels), 'labels', self.energies)


@dataclass(frozen=True)
class Stage:
    """How many crystals were left after a stage of the search.

    :param name: of the stage, as in 'proposed' or 'distinct'.
    :param counts: number of crystals by the generator that proposed them.
    """

    name: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Number of crystals of all generators."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Phase:
    """A distinct relaxed crystal.

    :param label: as in 'P1'.
    :param crystal: the relaxed crystal, as a set of one.
    :param space_group: its number, after relaxation; 0 for a cluster.
    :param space_group_symbol: its Hermann–Mauguin symbol, not shown of a cluster.
    :param energy: above the lowest crystal of the whole report, in eV/atom.
    :param hull_distance: energy above the convex hull in eV/atom, or None without a hull.
    :param nearest_reference: label of the known crystal nearest to it, empty without references.
    :param reference_distance: Pearson distance from that crystal.
    :param novel: whether it matches no known crystal.
    :param origin: generator and row, as in 'rdf_vae, row 77'.
    :param engine: what computed its energy.
    :param record: identifier of its record in the provenance graph, or empty.
    :param stability: what phonons and elastic constants say, or empty.
    :param prototype: structure type, as in 'A_cF8_227_a', or empty.
    :param phonons: its dynamical stability, if it was measured.
    :param elasticity: its mechanical stability, if it was measured.
    :param diffraction: its X-ray powder pattern, if it was calculated.
    :param point_group: Schoenflies symbol of the point group of a cluster, or empty.
    :raises ValueError: if ``crystal`` is not exactly one.
    """

    label: str
    crystal: CrystalSet
    space_group: int
    space_group_symbol: str
    energy: float
    hull_distance: float | None
    nearest_reference: str
    reference_distance: float | None
    novel: bool
    origin: str
    engine: Engine
    record: str = ''
    stability: str = ''
    prototype: str = ''
    phonons: Phonons | None = None
    elasticity: Elasticity | None = None
    diffraction: Diffraction | None = None
    point_group: str = ''

    def __post_init__(self) -> None:
        """Check that the crystal is one."""
        if len(self.crystal) != 1:
            raise ValueError(f"phase '{self.label}' has {len(self.crystal)} crystals, not one")

    @property
    def formula(self) -> str:
        """Formula of the cell."""
        return formulas(self.crystal)[0]

    @property
    def atoms(self) -> int:
        """Number of atoms in the cell."""
        return int(self.crystal.counts[0])

    @property
    def volume_per_atom(self) -> float:
        """Volume per atom in Å³."""
        return float(self.crystal.volumes[0]) / self.atoms

    @property
    def density(self) -> float:
        """Mass density in g/cm³."""
        mass = float(atomic_masses[self.crystal.atomic_numbers].sum())
        return mass / float(self.crystal.volumes[0]) * _DENSITY


@dataclass(frozen=True)
class NodeReference:
    """A node of the provenance graph that the report stands on.

    :param description: what it is, as in 'checkpoint'.
    :param uuid: its universal identifier.
    :param pk: its number in the profile that wrote the report.
    """

    description: str
    uuid: str
    pk: int


@dataclass(frozen=True)
class Citation:
    """A publication that a user of these results should cite.

    :param text: authors, title, journal and year.
    :param doi: its identifier without a resolver, as in '10.1016/j.commatsci.2021.110361'.
    """

    text: str
    doi: str = ''


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """Everything that the page of a search shows; what was not done stays empty.

    :param title: heading of the page.
    :param engine: what computed the energies of the search.
    :param facts: short facts below the heading, such as {'composition': 'Si'}.
    :param phases: in the order of the table.
    :param training: loss curves of the model.
    :param latent: map of its latent space.
    :param references: energies of the known crystals.
    :param groups: energies of all relaxed candidates, by the way they were accepted.
    :param rdfs: comparisons of phases with known crystals.
    :param stages: of the search, in order.
    :param hull: of the known crystals, with the phases on it, by the engine of the phases.
    :param targets: properties that were asked for, and what came of them.
    :param rankings: of the candidates of each generator that ranks them.
    :param space_groups: of the proposals of each generator that was asked for some.
    :param film: of a crystal on its way from noise.
    :param evaluations: of proposals, as far as any were evaluated.
    :param rounds: of the search, in order.
    :param comparison: with another search.
    :param engine_note: what a reader has to know about the energies.
    :param versions: of the packages that took part.
    :param nodes: of the provenance graph.
    :param citations: to be cited with the results.
    """

    title: str
    engine: Engine
    facts: Mapping[str, str] = field(default_factory=dict)
    phases: tuple[Phase, ...] = ()
    training: TrainingCurves | None = None
    latent: LatentMap | None = None
    references: EnergyGroup | None = None
    groups: tuple[EnergyGroup, ...] = ()
    rdfs: tuple[RdfComparison, ...] = ()
    stages: tuple[Stage, ...] = ()
    hull: HullDiagram | None = None
    targets: tuple[TargetResults, ...] = ()
    rankings: tuple[CompoundRanking, ...] = ()
    space_groups: tuple[SpaceGroupCounts, ...] = ()
    film: DenoisingFilm | None = None
    evaluations: tuple[EvaluationResult, ...] = ()
    rounds: tuple[Round, ...] = ()
    comparison: SearchComparison | None = None
    engine_note: str = ''
    versions: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[NodeReference, ...] = ()
    citations: tuple[Citation, ...] = ()

    @property
    def periodic(self) -> bool:
        """Whether the phases are crystals, not clusters."""
        return all(phase.crystal.periodic for phase in self.phases)

    @property
    def is_emulated(self) -> bool:
        """Whether any energy of the report comes from a stand-in."""
        checks = [one for phase in self.phases for one in (phase.phonons, phase.elasticity) if one]
        compared = self.comparison is not None and self.comparison.second.emulated
        engines = [self.engine, *(phase.engine for phase in self.phases)]
        return compared or any(one.emulated for one in (*engines, *checks))


@dataclass(frozen=True, kw_only=True)
class ProposalReport:
    """Everything that the page of proposals shows.

    :param title: heading of the page.
    :param ranking: of the proposals, if they are ranked.
    :param space_groups: of the proposals, if they were asked for with some.
    :param film: of a crystal on its way from noise.
    :param training: loss curves of the model.
    :param evaluations: of the proposals.
    :param facts: short facts below the heading.
    :param versions: of the packages that took part.
    :param nodes: of the provenance graph.
    :param citations: to be cited with the proposals.
    """

    title: str
    ranking: CompoundRanking | None = None
    space_groups: tuple[SpaceGroupCounts, ...] = ()
    film: DenoisingFilm | None = None
    training: TrainingCurves | None = None
    evaluations: tuple[EvaluationResult, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[NodeReference, ...] = ()
    citations: tuple[Citation, ...] = ()


def _require_lengths(length: int, name: str, *arrays: np.ndarray) -> None:
    """Raise unless every array has ``length`` rows, as ``name`` has."""
    for array in arrays:
        if len(array) != length:
            raise ValueError(f'{length} {name} are given for an array of shape {array.shape}')

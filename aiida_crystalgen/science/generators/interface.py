"""The interface that every generator of crystals has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field, field_validator, model_validator

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.settings import Settings, closest

__all__ = (
    'Course',
    'Generator',
    'MapsCrystals',
    'MeetsTargets',
    'ProposesRows',
    'Request',
    'ResumesTraining',
    'ShipsCheckpoint',
    'TakesSystems',
    'Target',
    'UsesTemplates',
    'generator_names',
    'load_generator',
)

_GROUP = 'aiida_crystalgen.generators'
_ANY = '*'
_PAIR = re.compile(r'([A-Z][a-z]?)-([A-Z][a-z]?)')


class Target(Settings):
    """A property that the proposals should have.

    :param property: a column of numbers of the training crystals, as 'energy'.
    :param values: wanted ones, in the unit of the column; candidates are shared evenly among them.
    :param tolerance: largest deviation that still counts as reached, in the same unit.
    :param above_lowest: whether the values count from the lowest of the training crystals.
    """

    property: str = Field(min_length=1)
    values: tuple[float, ...] = Field(min_length=1)
    tolerance: float = Field(gt=0)
    above_lowest: bool = False


class Request(Settings):
    """What to propose.

    :param composition: formula unit, as in 'SnSe', or a chemical system, as in 'Li-Mn-Ge', for
        generators that choose formulas themselves; a star, as in ``Li-Ge-*``, stands for each other
        element in turn.
    :param formula_units: numbers of formula units per cell, candidates shared evenly among them.
    :param cell: whether the formula units are counted in the conventional or the primitive cell.
    :param candidates: number of crystals to propose.
    :param space_groups: numbers of those allowed; all compatible ones, equally often, if None.
    :param volume_per_atom: in Å³; of clusters that of the ball that the centres of the atoms fill,
        see `aiida_crystalgen.science.clusters.ball_volumes`; None leaves it to generators that
        take systems.
    :param volume_tolerance: largest relative deviation from the volume.
    :param distances: shortest distance allowed for each pair of elements, as in {'Sn-Se': 2.1}, Å.
    :param attempts: number of times one candidate is drawn anew before it is given up.
    :param targets: properties that the proposals should have; several of them are met together,
        value by value.
    :param proposing: settings of the generator's own way to propose.
    :param periodic: whether crystals are asked for, or clusters, which have no space group.
    """

    composition: str
    formula_units: tuple[int, ...] = Field(min_length=1)
    cell: Literal['conventional', 'primitive']
    candidates: int = Field(gt=0)
    space_groups: tuple[int, ...] | None = None
    volume_per_atom: float | None = Field(gt=0)
    volume_tolerance: float = Field(ge=0, lt=1)
    distances: dict[str, float]
    attempts: int = Field(gt=0)
    targets: tuple[Target, ...] = ()
    proposing: dict[str, Any] = Field(default_factory=dict)
    periodic: bool = True

    @field_validator('composition')
    @classmethod
    def _is_formula(cls, value: str) -> str:
        from pymatgen.core import Composition, Element

        if '-' in value:
            elements = [name for name in value.split('-') if name != _ANY]
            known = all(map(Element.is_valid_symbol, elements))
            if not (elements and known and len(set(elements)) == len(elements)):
                raise ValueError(
                    'not a chemical system of different elements, as Li-Mn-Ge and Li-Ge-* are'
                )
            return value
        try:
            composition = Composition(value)
        except ValueError:
            raise ValueError('not a chemical formula') from None
        amounts = composition.get_el_amt_dict()
        if not amounts or not composition.valid:
            raise ValueError('not a formula of chemical elements')
        if any(amount != int(amount) or amount < 1 for amount in amounts.values()):
            raise ValueError('a formula unit needs whole numbers of atoms')
        return value

    @field_validator('formula_units')
    @classmethod
    def _are_positive(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if min(value) < 1:
            raise ValueError('numbers of formula units start at 1')
        return value

    @field_validator('space_groups')
    @classmethod
    def _are_space_groups(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None and (not value or min(value) < 1 or max(value) > 230):
            raise ValueError('space groups are numbers from 1 to 230')
        return value

    @field_validator('distances')
    @classmethod
    def _are_distances(cls, value: dict[str, float]) -> dict[str, float]:
        for pair, distance in value.items():
            if not _PAIR.fullmatch(pair):
                raise ValueError(f"'{pair}' is not a pair of elements, as in 'Sn-Se'")
            if distance <= 0:
                raise ValueError(f'the distance of {pair} is {distance} Å; it must be positive')
        return value

    @field_validator('targets')
    @classmethod
    def _are_combinable(cls, value: tuple[Target, ...]) -> tuple[Target, ...]:
        names = [one.property for one in value]
        if len(set(names)) < len(names):
            raise ValueError('a property has one target; give it several values instead')
        if len({len(one.values) for one in value}) > 1:
            raise ValueError('targets are combined value by value; give equally many to each')
        return value

    @model_validator(mode='after')
    def _covers_all_pairs(self) -> Request:
        elements = sorted(self.elements)
        given = {frozenset(pair.split('-')) for pair in self.distances}
        wanted = {frozenset((a, b)): f'{a}-{b}' for a in elements for b in elements if a <= b}
        missing = [name for pair, name in wanted.items() if pair not in given]
        if missing:
            raise ValueError(f"'distances' has no value for {', '.join(missing)}")
        foreign = [pair for pair in self.distances if frozenset(pair.split('-')) not in wanted]
        if foreign:
            raise ValueError(f"'distances' names {foreign[0]}, which {self.composition} has not")
        return self

    @model_validator(mode='after')
    def _asks_no_symmetry_of_clusters(self) -> Request:
        if self.space_groups is not None and not self.periodic:
            raise ValueError("clusters have no space group; leave 'space_groups' out")
        return self

    @property
    def is_system(self) -> bool:
        """Whether a chemical system is asked for, and no formula."""
        return '-' in self.composition

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols of the elements that are named, in the order of the composition."""
        if not self.is_system:
            return tuple(self.amounts)
        return tuple(name for name in self.composition.split('-') if name != _ANY)

    @property
    def further_elements(self) -> int:
        """Number of elements that a chemical system leaves open."""
        return self.composition.count(_ANY)

    @property
    def volume(self) -> float:
        """Volume per atom in Å³.

        :raises ValueError: if it is left to the generator.
        """
        if self.volume_per_atom is None:
            raise ValueError(
                f"'volume_per_atom' is not given for {self.composition}; this generator needs it"
            )
        return self.volume_per_atom

    @property
    def amounts(self) -> dict[str, int]:
        """Number of atoms of each element in one formula unit.

        :raises ValueError: if a chemical system is asked for.
        """
        from pymatgen.core import Composition

        if self.is_system:
            raise ValueError(
                f"'composition' is the chemical system {self.composition}; this generator needs a "
                'formula unit'
            )
        return {
            symbol: int(amount)
            for symbol, amount in Composition(self.composition).get_el_amt_dict().items()
        }


@runtime_checkable
class Generator(Protocol):
    """A method that proposes crystals, after training or without.

    Both verbs are deterministic: the same inputs and seed give the same result, bit for bit on one
    machine, whatever the number of threads, batches or processes.
    """

    name: str
    needs_training: bool

    def train(
        self, training: CrystalSet, settings: dict[str, Any], *, seed: int, progress: Progress
    ) -> Checkpoint:
        """Return a model of the training crystals.

        :raises ValueError: if a setting is impossible or the crystals are too few.
        """

    def propose(
        self, checkpoint: Checkpoint | None, request: Request, *, seed: int, progress: Progress
    ) -> CrystalSet:
        """Return ``request.candidates`` rows, rejected ones included.

        Every set has the columns ``requested_space_group`` and ``rejection`` (text, empty for a
        usable crystal). Generators add their own, such as ``replica_distance``.

        :raises ValueError: if nothing can fulfil the request.
        """


@dataclass(frozen=True)
class Course:
    """Where a training begins, and where it leaves its state.

    A state is a `Checkpoint` of all that the rest of the training depends on, such as the moments
    of the optimiser and the state of the random numbers. In its summary ``done`` and ``total``
    count the steps.

    :param start: model of another training, whose weights are the first ones; random ones if None.
    :param state: of this training, from which it goes on; from its beginning if None.
    :param save: called after each step with a function that returns the state after it, and that
        costs time.
    """

    start: Checkpoint | None = None
    state: Checkpoint | None = None
    save: Callable[[Callable[[], Checkpoint]], None] | None = None


@runtime_checkable
class ResumesTraining(Protocol):
    """A generator whose training can go on from where it, or that of another model, was."""

    def resume_training(
        self,
        training: CrystalSet,
        settings: dict[str, Any],
        course: Course,
        *,
        seed: int,
        progress: Progress,
    ) -> Checkpoint:
        """Return what ``train`` would, bit for bit, unless there is a model to start from.

        :raises ValueError: as ``train`` does, and if the state belongs to another training, or the
            model to start from does not fit.
        """


@runtime_checkable
class ProposesRows(Protocol):
    """A generator each of whose rows depends on request, seed and its number alone.

    :param block_rows: number of rows that are proposed together; the first of each block is a
        multiple of it.
    """

    block_rows: int

    def propose_rows(
        self,
        checkpoint: Checkpoint | None,
        request: Request,
        rows: Int[np.ndarray, ' rows'],
        *,
        seed: int,
        progress: Progress,
    ) -> CrystalSet:
        """Return these rows of what ``propose`` would, bit for bit.

        :param rows: in ascending order, at least one.
        :raises ValueError: as ``propose`` does.
        """


@runtime_checkable
class MeetsTargets(Protocol):
    """A generator that proposes crystals with the properties that a request asks for."""

    def check_targets(
        self, targets: tuple[Target, ...], training: CrystalSet, settings: dict[str, Any]
    ) -> None:
        """Do nothing if a model of these crystals can be asked for the targets.

        :param settings: of the training.
        :raises ValueError: naming 'targets', if a property is missing, or some crystals lack it.
        """


@runtime_checkable
class MapsCrystals(Protocol):
    """A generator whose models put crystals on a map, for people to look at.

    The map of the training crystals is in the summary of a checkpoint, as ``latent``.

    :param map_axes: what the two coordinates are.
    """

    map_axes: tuple[str, str]

    def map_crystals(
        self, checkpoint: Checkpoint, crystals: CrystalSet
    ) -> Float[np.ndarray, 'crystals 2']:
        """Return where the model puts each crystal."""


@runtime_checkable
class TakesSystems(Protocol):
    """A generator that can be asked for a chemical system, whose formulas it chooses itself.

    It also chooses the volume where none is given.

    :param takes_systems: how it chooses them, in a few words.
    """

    takes_systems: str


@runtime_checkable
class ShipsCheckpoint(Protocol):
    """A generator that comes with a model, so that it can be used without training."""

    def shipped_content(self) -> bytes:
        """Return the content of the file of the model."""

    def model_card(self) -> str:
        """Return what there is to know about the model; its first line is a title."""


@runtime_checkable
class UsesTemplates(Protocol):
    """A generator that puts elements into known structures, those of its own if none are given."""

    def with_templates(self, templates: CrystalSet) -> Generator:
        """Return the generator for the structures of these crystals."""


def generator_names() -> list[str]:
    """Return the names of all installed generators."""
    return sorted(entry_points(group=_GROUP).names)


def load_generator(name: str, templates: CrystalSet | None = None) -> Generator:
    """Return the generator of this entry-point name.

    :param templates: known structures for it to put elements into.
    :raises ValueError: if no installed generator has this name, or it has no use for templates.
    """
    found = entry_points(group=_GROUP, name=name)
    if not found:
        raise ValueError(f"unknown generator '{name}'. {closest(name, generator_names())}")
    generator: Generator = next(iter(found)).load()()
    if templates is None:
        return generator
    if not isinstance(generator, UsesTemplates):
        raise ValueError(f"'templates' are given, but {name} puts elements into no templates")
    return generator.with_templates(templates)

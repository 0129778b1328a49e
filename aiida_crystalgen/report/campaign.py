"""What a report shows beyond one round of one search: all rounds, and another search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ('PhaseName', 'PhasePair', 'Round', 'SearchComparison', 'SearchSummary')


@dataclass(frozen=True)
class Round:
    """One turn of the loop of a search.

    :param number: counted from 1.
    :param phases_found: whose lowest copy was proposed in this round.
    :param new_phases: of these, those that equal no known crystal.
    :param lowest: energy of the lowest of these, in eV/atom above the lowest crystal of its
        composition that the search knew; None without phases.
    :param hull: the lowest energy of these above the hull, in eV/atom; None without a hull.
    :param yields: for each generator, how many crystals were left after each stage.
    :param finished: when it ended, None if it has not.
    """

    number: int
    phases_found: int = 0
    new_phases: int = 0
    lowest: float | None = None
    hull: float | None = None
    yields: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    finished: datetime | None = None


@dataclass(frozen=True)
class PhaseName:
    """A phase of one of two searches.

    :param label: in its search, as in 'P3'.
    :param formula: reduced one.
    :param symmetry: Hermann–Mauguin symbol.
    :param energy: above the lowest crystal of its search, in eV/atom.
    :param hull_distance: above its hull in eV/atom, None without a hull.
    :param stability: in words, empty if nothing was measured.
    """

    label: str
    formula: str
    symmetry: str
    energy: float
    hull_distance: float | None = None
    stability: str = ''


@dataclass(frozen=True)
class PhasePair:
    """A phase that two searches found.

    :param first: its name in the first search.
    :param second: its name in the second one.
    """

    first: PhaseName
    second: PhaseName


@dataclass(frozen=True)
class SearchSummary:
    """One of two searches that are compared.

    :param name: as in 'search 1512 (silicon)'.
    :param engine: that gave the energies of its phases.
    :param emulated: whether a stand-in gave them.
    :param yields: for each generator, how many crystals were left after each stage.
    """

    name: str
    engine: str
    emulated: bool = False
    yields: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def totals(self) -> dict[str, int]:
        """Number of crystals of all generators after each stage."""
        stages = dict.fromkeys(stage for one in self.yields.values() for stage in one)
        return {stage: sum(one.get(stage, 0) for one in self.yields.values()) for stage in stages}


@dataclass(frozen=True)
class SearchComparison:
    """What two searches found together and alone.

    :param first: the search that the report is about.
    :param second: the other one.
    :param both: phases that both found.
    :param only_first: phases that the second did not find.
    :param only_second: phases that the first did not find.
    :param is_comparable: whether the energies are those of one engine.
    """

    first: SearchSummary
    second: SearchSummary
    both: tuple[PhasePair, ...] = ()
    only_first: tuple[PhaseName, ...] = ()
    only_second: tuple[PhaseName, ...] = ()
    is_comparable: bool = True

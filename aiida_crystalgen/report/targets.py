"""How well proposals met the property that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ('TargetResults', 'TargetRow')

_STAGES = {
    'predicted': 'predicted by the surrogate',
    'proposed': 'of the proposal',
    'relaxed': 'relaxed',
}


@dataclass(frozen=True)
class TargetRow:
    """What became of the proposals for one value.

    :param target: value that was asked for.
    :param number: of crystals that were relaxed.
    :param within: share of them within the tolerance at each stage, None where it is not known.
    """

    target: float
    number: int
    within: dict[str, float | None]


@dataclass(frozen=True)
class TargetResults:
    """A property that was asked for, and what the relaxed proposals have of it.

    :param name: of the property.
    :param unit: of all its values.
    :param tolerance: deviation that counts as reached.
    :param engine: what gave the values of the crystals, empty if nothing did.
    :param targets: asked for, of each crystal.
    :param predicted: by the surrogate that filtered; NaN where unknown, as below.
    :param proposed: of the crystal as it was proposed.
    :param relaxed: of the crystal after its relaxation.
    """

    name: str
    unit: str
    tolerance: float
    engine: str
    targets: Float[np.ndarray, ' crystals']
    predicted: Float[np.ndarray, ' crystals']
    proposed: Float[np.ndarray, ' crystals']
    relaxed: Float[np.ndarray, ' crystals']

    @property
    def stages(self) -> dict[str, Float[np.ndarray, ' crystals']]:
        """The values that are known at all, by the name of their stage."""
        found = {name: getattr(self, name) for name in _STAGES}
        return {_STAGES[name]: one for name, one in found.items() if np.isfinite(one).any()}

    @property
    def rows(self) -> tuple[TargetRow, ...]:
        """One row for each value that was asked for."""
        return tuple(self._rows())

    def _rows(self) -> Iterator[TargetRow]:
        """Yield the rows, the lowest value first."""
        for target in np.unique(self.targets):
            mine = self.targets == target
            yield TargetRow(
                float(target),
                int(mine.sum()),
                {name: self._share(values[mine], target) for name, values in self.stages.items()},
            )

    def _share(self, values: Float[np.ndarray, ' crystals'], target: float) -> float | None:
        """Return which share of the known values lies within the tolerance of the target."""
        known = values[np.isfinite(values)]
        if not len(known):
            return None
        return float((np.abs(known - target) <= self.tolerance).mean())

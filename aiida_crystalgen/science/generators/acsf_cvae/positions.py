"""Crystals and clusters that have given representations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int

from aiida_crystalgen.science.clusters import in_boxes
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel
from aiida_crystalgen.science.generators.acsf_cvae.rooms import Room, ScaledFunctions
from aiida_crystalgen.science.generators.acsf_cvae.sampling import Representations
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeProposing
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.reconstruction import Targets, reconstruct
from aiida_crystalgen.science.seeds import derive_seed

__all__ = ('Finder', 'scattered')


@dataclass(frozen=True)
class Finder:
    """Finds crystals that have given representations.

    :param model: whose representations these are.
    """

    model: TrainedModel
    request: Request
    proposing: AcsfCvaeProposing

    def crystals(
        self,
        representations: Representations,
        rows: Int[np.ndarray, ' rows'],
        *,
        seed: int,
        told: Callable[[int], None],
    ) -> CrystalSet:
        """Return the crystal found for each representation, with its ``loss`` and ``verdict``.

        :param rows: numbers of the rows, on which and on the seed each crystal depends alone.
        :param told: called with the number of crystals that are there.
        """
        found = []
        # A target's random numbers depend on its place, which must not depend on the other rows.
        for place, row in enumerate(rows):
            found.append(self._crystal(representations, place, derive_seed(seed, int(row))))
            told(place + 1)
        return concatenate(found)

    def cells(self, representations: Representations) -> Float[np.ndarray, 'rows 3 3']:
        """Return a cell for each representation, in Å.

        That of a crystal is the cell of the training crystal with the nearest representation, among
        those of the same composition where there are any, scaled to the nearest volume that the
        request allows. That of a cluster has the extents of the nearest training cluster, and room.
        """
        atoms = representations.amounts.sum(axis=1).tolist()
        return np.array(
            [
                self._cell(self._templates(representations, row)[0], number)
                for row, number in enumerate(atoms)
            ]
        )

    def _crystal(self, representations: Representations, row: int, seed: int) -> CrystalSet:
        """Return the best crystal of one row."""
        templates = self._templates(representations, row)
        if self.proposing.start == 'random':
            return self._from_random(representations, row, templates[0], seed)
        found = [
            self._from_template(representations, row, number, derive_seed(seed, place))
            for place, number in enumerate(templates[: self.proposing.templates])
        ]
        losses = [float(one['loss'][0]) for one in found]
        return found[int(np.argmin(losses))]

    def _from_random(
        self, representations: Representations, row: int, nearest: int, seed: int
    ) -> CrystalSet:
        """Return the crystal found from random positions."""
        atoms = int(representations.amounts[row].sum())
        cell = self._cell(nearest, atoms)
        if not self.model.functions.periodic:
            room = Room(np.zeros((atoms, 3)), np.diag(cell).copy(), cell)
            return self._in_room(representations, row, room, seed)
        if self.proposing.cell == 'free':
            volume = np.abs(np.linalg.det(cell))[None]
            return self._found(representations, row, seed, volumes=volume)
        return self._found(representations, row, seed, lattices=cell[None])

    def _from_template(
        self, representations: Representations, row: int, number: int, seed: int
    ) -> CrystalSet:
        """Return the crystal found near the positions of a training crystal of its composition."""
        kept, reach = self.model.references, self.proposing.reach
        amounts = representations.amounts[row]
        cell = self._cell(number, int(amounts.sum()))
        positions = kept.positions_of(number)
        if self.model.functions.periodic:
            positions = positions @ np.linalg.inv(kept.lattices[number]) @ cell
        room = Room(positions - reach / 2, np.full(3, reach), cell)
        return self._in_room(representations, row, room, seed)

    def _in_room(
        self, representations: Representations, row: int, room: Room, seed: int
    ) -> CrystalSet:
        """Return the crystal whose atoms each stay in a box of their own."""
        found = self._found(representations, row, seed, room=room)
        periodic = self.model.functions.periodic
        coordinates = room.coordinates(torch.from_numpy(found.fractional_coordinates)).numpy()
        if periodic:
            coordinates = coordinates - np.floor(coordinates)
        crystals = replace(
            found,
            lattices=room.cell[None],
            fractional_coordinates=coordinates,
            periodic=periodic,
        )
        return crystals if periodic else in_boxes(crystals, anew=True)

    def _found(
        self,
        representations: Representations,
        row: int,
        seed: int,
        *,
        room: Room | None = None,
        lattices: Float[np.ndarray, '1 3 3'] | None = None,
        volumes: Float[np.ndarray, ' 1'] | None = None,
    ) -> CrystalSet:
        """Return what the reconstruction finds for one row."""
        amounts, settings = representations.amounts[row], self.proposing.reconstruction
        if room is not None:
            lattices = room.folded_cell[None]
            # The boxes of different atoms lie on top of each other in the folded cell.
            settings = settings.model_copy(update={'overlap_weight': 0.0})
        targets = Targets(
            fingerprints=representations.scaled[[row]],
            numbers=np.repeat(self.model.conditions.elements, amounts),
            counts=amounts.sum(keepdims=True),
            lattices=lattices,
            volumes=volumes,
            space_groups=None if room is None else np.ones(1, dtype=np.int64),
        )
        return reconstruct(
            targets,
            ScaledFunctions(self.model, room),
            settings,
            scale=np.ones(representations.scaled.shape[1]),
            seed=seed,
            progress=silent,
        )

    def _templates(self, representations: Representations, row: int) -> list[int]:
        """Return the training crystals by distance, those of the same composition if there are."""
        kept = self.model.references
        alike = np.flatnonzero((kept.amounts == representations.amounts[row]).all(axis=1))
        if not len(alike):
            alike = np.arange(len(kept))
        steps = kept.features[alike] - representations.scaled[row]
        order = np.argsort((steps**2).sum(axis=1), kind='stable')
        return [int(number) for number in alike[order]]

    def _cell(self, number: int, atoms: int) -> Float[np.ndarray, '3 3']:
        """Return the cell that a training crystal suggests for so many atoms."""
        kept, request = self.model.references, self.request
        if not self.model.functions.periodic:
            return np.diag(kept.extents[number] + self.proposing.margin)
        lattice = kept.lattices[number]
        size = abs(float(np.linalg.det(lattice)))
        volume = size / int(kept.amounts[number].sum())
        spread = request.volume_tolerance * request.volume
        allowed = np.clip(volume, request.volume - spread, request.volume + spread)
        return lattice * np.cbrt(allowed * atoms / size)


def scattered(
    model: TrainedModel,
    representations: Representations,
    cells: Float[np.ndarray, 'rows 3 3'],
    rows: Int[np.ndarray, ' rows'],
    *,
    seed: int,
) -> CrystalSet:
    """Return crystals with atoms at random places, for rows that are rejected anyway."""
    counts = representations.amounts.sum(axis=1)
    places = [
        np.random.default_rng(derive_seed(seed, int(row))).random((int(count), 3))
        for row, count in zip(rows, counts, strict=True)
    ]
    crystals = CrystalSet(
        lattices=cells,
        fractional_coordinates=np.concatenate(places),
        atomic_numbers=np.concatenate(
            [np.repeat(model.conditions.elements, one) for one in representations.amounts]
        ),
        counts=counts,
        periodic=model.functions.periodic,
    )
    return crystals if crystals.periodic else in_boxes(crystals, anew=True)

"""Training of the conditional autoencoder, and crystals drawn from it for wanted properties."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.acsf import symmetry_functions
from aiida_crystalgen.science.generators.acsf_cvae.assembly import assemble
from aiida_crystalgen.science.generators.acsf_cvae.examples import examples_of, property_of
from aiida_crystalgen.science.generators.acsf_cvae.model import METHOD, TrainedModel
from aiida_crystalgen.science.generators.acsf_cvae.proposal import propose_crystals
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeSettings
from aiida_crystalgen.science.generators.acsf_cvae.summary import summarize
from aiida_crystalgen.science.generators.acsf_cvae.training import train_networks
from aiida_crystalgen.science.generators.interface import Course, Request, Target
from aiida_crystalgen.science.progress import Progress

__all__ = ('AcsfCvae',)


class AcsfCvae:
    """Crystals whose symmetry functions were drawn for wanted values of properties.

    Fung et al., Mach. Learn.: Sci. Technol. 3, 045018 (2022), doi:10.1088/2632-2153/aca1f7: a
    conditional variational autoencoder draws representations, and positions are then found that
    have them.
    """

    name = METHOD
    needs_training = True
    block_rows = 64
    map_axes = ('First principal component', 'Second principal component')

    def train(
        self, training: CrystalSet, settings: dict[str, Any], *, seed: int, progress: Progress
    ) -> Checkpoint:
        """Return a conditional autoencoder of the crystals, and a surrogate of their properties.

        :param settings: of `AcsfCvaeSettings`.
        :raises ValueError: if a setting is impossible, the crystals are fewer than ten, a property
            is missing, of all or some of them, or one has no neighbours within the cut-off.
        """
        return self.resume_training(training, settings, Course(), seed=seed, progress=progress)

    def resume_training(
        self,
        training: CrystalSet,
        settings: dict[str, Any],
        course: Course,
        *,
        seed: int,
        progress: Progress,
    ) -> Checkpoint:
        """Return what ``train`` would, from where the course begins.

        :raises ValueError: as ``train`` does, if the state belongs to another training, or layers
            or elements of the model to start from differ.
        """
        parsed = AcsfCvaeSettings.parse(settings)
        examples = examples_of(training, parsed)
        trained = train_networks(examples, parsed, course, seed=seed, progress=progress)
        model = assemble(trained, examples, parsed)
        return Checkpoint(
            method=self.name,
            weights=model.to_weights(),
            settings=parsed.model_dump(mode='json'),
            summary=summarize(trained, model, examples),
        )

    def propose(
        self, checkpoint: Checkpoint | None, request: Request, *, seed: int, progress: Progress
    ) -> CrystalSet:
        """Return crystals for the targets of the request, rejected ones with a reason.

        Columns are those of ``propose_crystals``. The request's ``proposing`` holds the settings
        `AcsfCvaeProposing`.

        :raises ValueError: if there is no checkpoint, it is of another method, or nothing can
            fulfil the request: an element or property that was not learned, or a wrong setting.
        """
        rows = np.arange(request.candidates)
        return self.propose_rows(checkpoint, request, rows, seed=seed, progress=progress)

    def propose_rows(
        self,
        checkpoint: Checkpoint | None,
        request: Request,
        rows: Int[np.ndarray, ' rows'],
        *,
        seed: int,
        progress: Progress,
    ) -> CrystalSet:
        """Return these rows of what ``propose`` would.

        :param rows: in ascending order, at least one.
        :raises ValueError: as ``propose`` does.
        """
        if checkpoint is None:
            raise ValueError(f'{self.name} proposes from a checkpoint, but there is none; train it')
        model = TrainedModel.from_checkpoint(checkpoint)
        return propose_crystals(model, request, rows, seed=seed, progress=progress)

    def check_targets(
        self, targets: tuple[Target, ...], training: CrystalSet, settings: dict[str, Any]
    ) -> None:
        """Do nothing if a model of these crystals can be asked for the targets.

        :param settings: of `AcsfCvaeSettings`.
        :raises ValueError: if the model is not conditioned on a property, or crystals lack one.
        """
        known = AcsfCvaeSettings.parse(settings).properties
        for row, target in enumerate(targets):
            if target.property not in known:
                raise ValueError(
                    f"'targets.{row}.property' is '{target.property}', but the model is "
                    f"conditioned on {', '.join(known)}; name it in its settings 'properties'"
                )
        for name in known:
            property_of(training, name)

    def map_crystals(
        self, checkpoint: Checkpoint, crystals: CrystalSet
    ) -> Float[np.ndarray, 'crystals 2']:
        """Return the first two principal components of the representation of each crystal.

        :raises ValueError: if the checkpoint is of another method, or an element was not learned.
        """
        model = TrainedModel.from_checkpoint(checkpoint)
        features = symmetry_functions(crystals, model.settings.acsf, model.elements)
        return (model.features.scaled(features)[:, None, :] * model.axes).sum(axis=2)

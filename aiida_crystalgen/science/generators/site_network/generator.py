"""Training of the network of sites, and the most likely substitutions into templates."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.interface import Course, Request
from aiida_crystalgen.science.generators.site_network.conclusion import concluded
from aiida_crystalgen.science.generators.site_network.elements import (
    element_confusion,
    element_map,
)
from aiida_crystalgen.science.generators.site_network.inputs import (
    SiteInputs,
    encoding_of,
    look_at,
    orientation_keys,
)
from aiida_crystalgen.science.generators.site_network.library import prototype_templates
from aiida_crystalgen.science.generators.site_network.model import SiteModel
from aiida_crystalgen.science.generators.site_network.network import SiteClassifier
from aiida_crystalgen.science.generators.site_network.projection import Projection
from aiida_crystalgen.science.generators.site_network.proposal import propose_from
from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings
from aiida_crystalgen.science.generators.site_network.shipped import (
    shipped_card,
    shipped_content,
)
from aiida_crystalgen.science.generators.site_network.state import METHOD
from aiida_crystalgen.science.generators.site_network.training import Examples, train_network
from aiida_crystalgen.science.generators.splitting import (
    TRAINING,
    VALIDATION,
    parts_of_crystals,
)
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.seeds import derive_seed

__all__ = ('SiteNetwork',)

_SAMPLE = 10_000  # sites that the spread of inputs is estimated from; the paper's number
_ARCHITECTURE = (
    'sites',
    'encoder',
    'invariant',
    'convolutional',
    'latent',
    'sigmoid_hidden',
    'softmax_hidden',
    'softmax_sees',
    'distance_functions',
)


class SiteNetwork:
    """The most likely substitutions of elements into the structures of known compounds.

    :param templates: these structures; the AFLOW library if None.

    Ryan, Lengyel & Shatruk, J. Am. Chem. Soc. 140, 10158 (2018), doi:10.1021/jacs.8b03913.
    """

    name = METHOD
    needs_training = True
    takes_systems = 'by the likelihood of their elements on the sites of templates'

    def __init__(self, templates: CrystalSet | None = None) -> None:
        self._templates = templates

    def with_templates(self, templates: CrystalSet) -> SiteNetwork:
        """Return the generator for the structures of these crystals."""
        return SiteNetwork(templates)

    def shipped_content(self) -> bytes:
        """Return the content of the file of the model that comes with the package."""
        return shipped_content()

    def model_card(self) -> str:
        """Return what there is to know about that model."""
        return shipped_card()

    def train(
        self, training: CrystalSet, settings: dict[str, Any], *, seed: int, progress: Progress
    ) -> Checkpoint:
        """Return a network of the sites of the crystals.

        :param settings: of `SiteNetworkSettings`.
        :raises ValueError: if a setting is impossible, or the crystals are too few.
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

        :raises ValueError: as ``train`` does, if the state belongs to another training, or the
            network to start from has other layers.
        """
        parsed = SiteNetworkSettings.parse(settings)
        parts = parts_of_crystals(training, parsed.validation, parsed.test, seed)
        _require_parts(parts)
        inputs = look_at(training, parsed.symmetry_tolerance)
        part = parts[inputs.sites.crystals]
        network = SiteClassifier(parsed)
        projection = _prepared(network, inputs, np.flatnonzero(part == TRAINING), course, seed)
        encode = encoding_of(parsed, projection)
        examples = Examples(
            features=lambda number: inputs.features(parsed, encode, orientation=number, seed=seed),
            nearest=inputs.nearest,
            relative=inputs.relative,
            elements=inputs.elements,
            training=np.flatnonzero(part == TRAINING),
            validation=np.flatnonzero(part == VALIDATION),
        )
        trained = train_network(network, examples, course, seed=seed, progress=progress)
        return concluded(trained, projection, inputs, parts, seed)

    def propose(
        self, checkpoint: Checkpoint | None, request: Request, *, seed: int, progress: Progress
    ) -> CrystalSet:
        """Return the most likely substitutions into templates, the AFLOW library if none are given.

        There are fewer than ``request.candidates`` where the templates allow no more. The cells are
        those of the templates, whatever formula units are asked for, in the volume that the model
        expects. Columns are those of `propose_from`.

        :raises ValueError: as `propose_from` does, and if there is no checkpoint.
        """
        if checkpoint is None:
            raise ValueError(f'{METHOD} proposes from a checkpoint, but there is none; train it')
        templates = prototype_templates() if self._templates is None else self._templates
        return propose_from(checkpoint, templates, request, seed=seed, progress=progress)

    def element_map(
        self, checkpoint: Checkpoint
    ) -> tuple[Int[np.ndarray, ' elements'], Float[np.ndarray, 'elements 2']]:
        """Return the elements that a model has seen, those near each other that like like sites.

        :raises ValueError: if the checkpoint is of another method.
        """
        return element_map(checkpoint)

    def element_confusion(
        self, checkpoint: Checkpoint
    ) -> tuple[Int[np.ndarray, ' elements'], Int[np.ndarray, 'elements elements']]:
        """Return elements, and how many test sites of each were taken for each.

        :raises ValueError: if the checkpoint is of another method, or was not tested.
        """
        return element_confusion(checkpoint)


def _require_parts(parts: Int[np.ndarray, ' crystals']) -> None:
    """Raise if there is nothing to learn from or to be watched on."""
    for part, purpose in ((TRAINING, 'train'), (VALIDATION, 'validate')):
        if not (parts == part).any():
            raise ValueError(
                f'none of the compositions of {len(parts)} crystals fell to the part to {purpose} '
                'on; give more crystals, or another seed'
            )


def _prepared(
    network: SiteClassifier,
    inputs: SiteInputs,
    training: Int[np.ndarray, ' training'],
    course: Course,
    seed: int,
) -> Projection | None:
    """Give a network its first weights; return the projection of what it reads, if it needs one.

    :param training: rows of the sites to learn from.
    :raises ValueError: if the model to start from has another architecture.
    """
    if course.start is not None:
        return _take_weights(network, course.start)
    network.initialize(torch.Generator().manual_seed(derive_seed(seed, 'weights')))
    settings = network.settings
    generator = np.random.default_rng(seed % 2**63)
    rows = np.sort(generator.choice(training, min(_SAMPLE, len(training)), replace=False))
    keys = orientation_keys(seed, 0, rows)
    sample = inputs.select(rows).fingerprints(settings.sites, keys, settings.jitter)
    encoder = settings.invariant
    if settings.encoder == 'invariant':
        return Projection.fit(
            sample, settings.sites, encoder.scalars, encoder.vectors, encoder.floor
        )
    values = sample.reshape(len(sample), -1)
    network.standardize(values.mean(axis=0), values.std(axis=0))
    return None


def _take_weights(network: SiteClassifier, start: Checkpoint) -> Projection | None:
    """Give a network the weights of another model; return its projection.

    :raises ValueError: if its architecture differs.
    """
    model = SiteModel.from_checkpoint(start)
    for name in _ARCHITECTURE:
        if getattr(model.settings, name) != getattr(network.settings, name):
            raise ValueError(
                f"the model to start from has other settings of '{name}'; keep them, or train "
                'without it'
            )
    network.load_state_dict(model.network.state_dict())
    return model.projection

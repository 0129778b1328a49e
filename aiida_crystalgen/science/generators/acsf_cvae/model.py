"""A trained conditional autoencoder with its surrogate, ready for use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.fingerprints.acsf import SymmetryFunctions
from aiida_crystalgen.science.generators.acsf_cvae.examples import are_positive
from aiida_crystalgen.science.generators.acsf_cvae.network import ConditionalAutoencoder, Surrogate
from aiida_crystalgen.science.generators.acsf_cvae.references import References
from aiida_crystalgen.science.generators.acsf_cvae.scaling import ConditionScale, FeatureScale
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeSettings

__all__ = ('METHOD', 'Networks', 'TrainedModel')

METHOD = 'acsf_cvae'
_PARTS = ('autoencoder', 'surrogate')


@dataclass(frozen=True)
class Networks:
    """The two networks of a model.

    :param autoencoder: between representations and codes, given properties and composition.
    :param surrogate: from representation and composition to properties.
    """

    autoencoder: ConditionalAutoencoder
    surrogate: Surrogate

    @classmethod
    def build(cls, settings: AcsfCvaeSettings, elements: tuple[int, ...]) -> Networks:
        """Return networks without weights.

        :param elements: atomic numbers, in ascending order.
        """
        features = SymmetryFunctions(settings.acsf, elements).number
        composition, properties = 1 + len(elements), len(settings.properties)
        return cls(
            ConditionalAutoencoder(
                features, properties + composition, settings.hidden, settings.latent
            ),
            Surrogate(
                settings.surrogate.members,
                features + composition,
                settings.surrogate.hidden,
                properties,
            ),
        )

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights."""
        self.autoencoder.initialize(generator)
        self.surrogate.initialize(generator)

    def state(self) -> dict[str, torch.Tensor]:
        """Return all weights by name."""
        return {
            f'{part}.{name}': tensor
            for part in _PARTS
            for name, tensor in getattr(self, part).state_dict().items()
        }

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Take over weights that ``state`` returned."""
        for part in _PARTS:
            names = getattr(self, part).state_dict()
            getattr(self, part).load_state_dict({name: state[f'{part}.{name}'] for name in names})


@dataclass(frozen=True)
class TrainedModel:
    """Networks with the scales of what they see, and the crystals that they were trained on.

    :param settings: of the training.
    :param networks: in double precision.
    :param features: scale of the symmetry functions.
    :param conditions: scale of properties and composition.
    :param calibration: what the spread of the surrogate's members is multiplied by, for each
        property, so that it is their error on the crystals kept apart.
    :param ranges: lowest and highest value of each property in the training set.
    :param axes: directions in which scaled representations vary most.
    :param references: training crystals.
    :param facts: what else is known of the training crystals: units and whether cells repeat.
    """

    settings: AcsfCvaeSettings
    networks: Networks
    features: FeatureScale
    conditions: ConditionScale
    calibration: Float[np.ndarray, ' properties']
    ranges: Float[np.ndarray, '2 properties']
    axes: Float[np.ndarray, 'axes features']
    references: References
    facts: Mapping[str, Any]

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> TrainedModel:
        """Return the model that a checkpoint holds, in double precision.

        :raises ValueError: if the checkpoint is of another method, or its weights do not fit.
        """
        checkpoint.require_method(METHOD)
        settings = AcsfCvaeSettings.parse(checkpoint.settings)
        weights = checkpoint.weights
        elements = _elements(weights)
        networks = Networks.build(settings, elements)
        checkpoint.require_shapes(_shapes(settings, networks, elements, weights))
        networks.load({name: torch.tensor(weights[name]) for name in networks.state()})
        for one in (networks.autoencoder, networks.surrogate):
            one.double().eval()
        functions = SymmetryFunctions(settings.acsf, elements)
        return cls(
            settings=settings,
            networks=networks,
            features=FeatureScale(
                settings.scaling,
                weights['features.centre'],
                weights['features.width'],
                are_positive(functions),
            ),
            conditions=ConditionScale(
                weights['elements'], weights['conditions.centre'], weights['conditions.width']
            ),
            calibration=weights['calibration'],
            ranges=weights['ranges'],
            axes=weights['axes'],
            references=References(
                **{name: weights[f'references.{name}'] for name in References.names()}
            ),
            facts={
                'periodic': bool(checkpoint.summary.get('periodic', True)),
                'units': dict(checkpoint.summary.get('units', {})),
            },
        )

    def to_weights(self) -> dict[str, np.ndarray]:
        """Return the arrays that a checkpoint keeps, networks in single precision."""
        return {
            **{name: one.float().numpy() for name, one in self.networks.state().items()},
            **{f'references.{name}': getattr(self.references, name) for name in References.names()},
            'features.centre': self.features.centre,
            'features.width': self.features.width,
            'elements': np.array(self.elements, dtype=np.int64),
            'conditions.centre': self.conditions.centre,
            'conditions.width': self.conditions.width,
            'calibration': self.calibration,
            'ranges': self.ranges,
            'axes': self.axes,
        }

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers of the training crystals, in ascending order."""
        return tuple(int(number) for number in self.conditions.elements)

    @property
    def functions(self) -> SymmetryFunctions:
        """The symmetry functions that the model knows."""
        periodic = bool(self.facts['periodic'])
        return SymmetryFunctions(self.settings.acsf, self.elements, periodic=periodic)

    def encode(
        self,
        scaled: Float[np.ndarray, 'crystals features'],
        conditions: Float[np.ndarray, 'crystals conditions'],
    ) -> tuple[Float[np.ndarray, 'crystals latent'], Float[np.ndarray, 'crystals latent']]:
        """Return mean and standard deviation of the code of each representation.

        :param scaled: as `FeatureScale` scales them.
        :param conditions: as `ConditionScale` scales them.
        """
        with single_threaded(), torch.inference_mode():
            mean, log_variance = self.networks.autoencoder.encode(
                torch.from_numpy(scaled), torch.from_numpy(conditions)
            )
            return mean.numpy(), (0.5 * log_variance).exp().numpy()

    def decode(
        self,
        codes: Float[np.ndarray, 'codes latent'],
        conditions: Float[np.ndarray, 'codes conditions'],
    ) -> Float[np.ndarray, 'codes features']:
        """Return the scaled representation of each code."""
        with single_threaded(), torch.inference_mode():
            return self.networks.autoencoder.decode(
                torch.from_numpy(codes),
                torch.from_numpy(conditions),
                torch.from_numpy(self.features.floors),
            ).numpy()

    def predict(
        self,
        scaled: Float[np.ndarray, 'crystals features'],
        amounts: Int[np.ndarray, 'crystals elements'],
    ) -> tuple[Float[np.ndarray, 'crystals properties'], Float[np.ndarray, 'crystals properties']]:
        """Return the properties that the surrogate predicts, and how uncertain it is of them.

        :param scaled: as `FeatureScale` scales them.
        :param amounts: number of atoms of each element.
        """
        inputs = np.column_stack([scaled, self.conditions.composition(amounts)])
        members = self.settings.surrogate.members
        with single_threaded(), torch.inference_mode():
            found = self.networks.surrogate(
                torch.from_numpy(inputs).expand(members, *inputs.shape)
            ).numpy()
        predicted = self.conditions.properties(found)
        return predicted.mean(axis=0), predicted.std(axis=0) * self.calibration

    def distances(
        self,
        scaled: Float[np.ndarray, 'crystals features'],
        conditions: Float[np.ndarray, 'crystals conditions'],
    ) -> tuple[Float[np.ndarray, 'crystals measures'], Int[np.ndarray, ' crystals']]:
        """Return how far representations are from the data, and the nearest training crystals.

        The columns are those of `references.MEASURES`.
        """
        index, neighbor = self.references.nearest(scaled)
        inner = inner_distances(self, scaled, conditions)
        return np.column_stack([inner, neighbor]), index


def inner_distances(
    model: TrainedModel,
    scaled: Float[np.ndarray, 'crystals features'],
    conditions: Float[np.ndarray, 'crystals conditions'],
) -> Float[np.ndarray, 'crystals 2']:
    """Return the error of encoding and decoding, and the length of the code.

    The error is the root mean square of the differences of scaled features. Codes are standard
    normal by training, so that their length is a distance from the mean in standard deviations.
    """
    codes, _ = model.encode(scaled, conditions)
    again = model.decode(codes, conditions)
    errors = np.sqrt(((again - scaled) ** 2).mean(axis=1))
    return np.column_stack([errors, np.sqrt((codes**2).mean(axis=1))])


def _elements(weights: Mapping[str, np.ndarray]) -> tuple[int, ...]:
    """Return the elements that a checkpoint is of.

    :raises ValueError: if it does not say.
    """
    elements = weights.get('elements')
    if elements is None or elements.ndim != 1 or not len(elements):
        raise ValueError(
            "the weights of the checkpoint do not fit its settings: 'elements' is missing"
        )
    return tuple(int(number) for number in elements)


def _shapes(
    settings: AcsfCvaeSettings,
    networks: Networks,
    elements: tuple[int, ...],
    weights: Mapping[str, np.ndarray],
) -> dict[str, tuple[int, ...]]:
    """Return the shape that each array must have; as many references as there are features of."""
    features = SymmetryFunctions(settings.acsf, elements).number
    kept = len(weights.get('references.lattices', ()))
    properties = len(settings.properties)
    return {
        **{name: tuple(tensor.shape) for name, tensor in networks.state().items()},
        'elements': (len(elements),),
        'features.centre': (features,),
        'features.width': (features,),
        'conditions.centre': (properties + 1,),
        'conditions.width': (properties + 1,),
        'calibration': (properties,),
        'ranges': (2, properties),
        'axes': (min(2, features), features),
        'references.features': (kept, features),
        'references.properties': (kept, properties),
        'references.amounts': (kept, len(elements)),
        'references.lattices': (kept, 3, 3),
        'references.positions': (int(np.sum(weights.get('references.amounts', 0))), 3),
        'references.extents': (kept, 3),
        'references.rows': (kept,),
        'references.distances': (kept, 3),
    }

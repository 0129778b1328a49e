"""What a network has learned about elements: which are alike, and which it takes for each other."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.site_network.model import SiteModel
from aiida_crystalgen.science.generators.site_network.state import METHOD

__all__ = ('element_confusion', 'element_map')

_PERPLEXITY = 12  # Ryan, Lengyel & Shatruk 2018, figure 5
_FEWEST = 5  # elements that t-SNE can arrange
_NARROW = 1e-4  # standard deviation of the first places, where t-SNE has them all still together


def element_map(
    checkpoint: Checkpoint,
) -> tuple[Int[np.ndarray, ' elements'], Float[np.ndarray, 'elements 2']]:
    """Return the atomic numbers of the elements that a network has seen, and a map of them.

    The weights between the last layer and the likelihood of an element are the sites that it likes.
    Their deviations from the mean of all elements, scaled to unit length, are arranged by t-SNE,
    which begins with their principal components: of these there are too many of equal size for two
    to tell much. Of fewer than five elements the principal components are the map.

    :raises ValueError: if the checkpoint is of another method.
    """
    model = SiteModel.from_checkpoint(checkpoint)
    weights = model.network.sigmoid[-1].get_parameter('weight').detach().numpy()
    weights = weights[model.seen].astype(np.float64)
    deviations = weights - weights.mean(axis=0)
    lengths = np.linalg.norm(deviations, axis=1, keepdims=True)
    with single_threaded():
        coordinates = _arranged(deviations / np.where(lengths > 0, lengths, 1))
    return np.flatnonzero(model.seen) + 1, coordinates


def element_confusion(
    checkpoint: Checkpoint,
) -> tuple[Int[np.ndarray, ' elements'], Int[np.ndarray, 'elements elements']]:
    """Return atomic numbers, and how many test sites of each the softmax has taken for each.

    Rows are the true elements. Those that no test site has or was said to have are left out.

    :raises ValueError: if the checkpoint is of another method, or was not tested.
    """
    checkpoint.require_method(METHOD)
    if 'confusion' not in checkpoint.weights:
        raise ValueError("the checkpoint lacks 'confusion'; train it again")
    counts = np.asarray(checkpoint.weights['confusion'])
    places = np.flatnonzero(counts.any(axis=0) | counts.any(axis=1))
    return places + 1, counts[np.ix_(places, places)]


def _arranged(
    vectors: Float[np.ndarray, 'elements features'],
) -> Float[np.ndarray, 'elements 2']:
    """Return places in a plane, those of like vectors near each other."""
    start = _principal_components(vectors)
    if len(vectors) < _FEWEST:
        return start
    from sklearn.manifold import TSNE

    plane = TSNE(
        perplexity=min(_PERPLEXITY, (len(vectors) - 1) / 3),
        init=(_NARROW / (start[:, 0].std() or 1.0) * start).astype(np.float32),
        method='exact',
        random_state=0,
    )
    return plane.fit_transform(vectors).astype(np.float64)


def _principal_components(
    vectors: Float[np.ndarray, 'elements features'],
) -> Float[np.ndarray, 'elements 2']:
    """Return the two that vary most."""
    centered = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
    components = np.zeros((len(vectors), 2))
    number = min(2, len(sizes))
    components[:, :number] = left[:, :number] * sizes[:number]
    # The sign of a component is arbitrary, and must not depend on the library.
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=0)[None], axis=0)
    return components * np.where(largest < 0, -1.0, 1.0)

"""Numbers as short text that the page's script turns back into arrays."""

from __future__ import annotations

import base64

import numpy as np

__all__ = ('packed_floats', 'packed_integers')

_LARGEST = np.iinfo(np.int16).max


def packed_floats(values: np.ndarray) -> str:
    """Return the values in single precision, row by row, as Base64."""
    return base64.b64encode(np.asarray(values, dtype='<f4').tobytes()).decode()


def packed_integers(values: np.ndarray, step: float) -> str:
    """Return the values in multiples of ``step`` as Base64, those out of reach at its end.

    :param step: 2¹⁵ of them reach the largest value.
    """
    multiples = np.clip(np.rint(np.asarray(values) / step), -_LARGEST, _LARGEST)
    return base64.b64encode(multiples.astype('<i2').tobytes()).decode()

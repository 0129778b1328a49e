"""The node that holds a trained model."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import IO, Any

from aiida.common.exceptions import ValidationError
from aiida.orm import SinglefileData

from aiida_crystalgen.science.checkpoint import read_checkpoint, read_header

__all__ = ('CheckpointData',)


class CheckpointData(SinglefileData):
    """A trained model as one safetensors file; anything else is refused, pickles above all.

    What is worth a query is an attribute: ``method``, ``settings``, ``number_of_weights``,
    ``sha256`` of the file, and ``summary``: those facts of the training that are single numbers or
    texts. Curves and statistics are in the file only.
    """

    DEFAULT_FILENAME = 'checkpoint.safetensors'

    def set_file(self, file: str | Path | IO, filename: str | Path | None = None) -> None:
        """Store the content of the file and describe it in the attributes.

        :param file: absolute path, or an open binary file.
        :param filename: name to store it under.
        :raises ValueError: if the content is a pickle, is cut off, or comes from another program.
        """
        path = file if isinstance(file, str | Path) else getattr(file, 'name', None)
        name = Path(path).name if isinstance(path, str | Path) else self.DEFAULT_FILENAME
        content = Path(file).read_bytes() if isinstance(file, str | Path) else file.read()
        if isinstance(content, str):
            content = content.encode()
        attributes = _describe(content, name)
        super().set_file(io.BytesIO(content), filename or self.DEFAULT_FILENAME)
        self.base.attributes.set_many(attributes)

    @property
    def method(self) -> str:
        """Entry-point name of the generator that trained the model."""
        return self.base.attributes.get('method')

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return self.base.attributes.get('sha256')

    @property
    def number_of_weights(self) -> int:
        """Number of trained parameters and other numbers in the file."""
        return self.base.attributes.get('number_of_weights')

    @property
    def settings(self) -> dict[str, Any]:
        """Validated settings of the training, architecture included."""
        return self.base.attributes.get('settings')

    @property
    def summary(self) -> dict[str, Any]:
        """Facts of the training that are single numbers or texts."""
        return self.base.attributes.get('summary')

    def _validate(self) -> bool:
        """Refuse a file that is no checkpoint, or not the one that the attributes describe."""
        super()._validate()
        content = self.get_content(mode='rb')
        try:
            read_header(content, self.filename)
        except ValueError as exception:
            raise ValidationError(str(exception)) from exception
        if hashlib.sha256(content).hexdigest() != self.base.attributes.get('sha256', None):
            raise ValidationError(f'{self.filename} is not the file that the attributes describe')
        return True


def _describe(content: bytes, name: str) -> dict[str, Any]:
    """Return the attributes of a checkpoint."""
    checkpoint = read_checkpoint(content, name)
    return {
        'method': checkpoint.method,
        'settings': dict(checkpoint.settings),
        'summary': {
            key: value
            for key, value in checkpoint.summary.items()
            if isinstance(value, str | int | float)
        },
        'number_of_weights': sum(array.size for array in checkpoint.weights.values()),
        'sha256': hashlib.sha256(content).hexdigest(),
    }

"""Validated settings: an unknown key or an impossible value becomes one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

__all__ = ('Settings', 'closest')

Model = TypeVar('Model', bound=BaseModel)


def closest(name: str, known: list[str]) -> str:
    """Return a question with the known name most like ``name``, or the list of those there are."""
    similar = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean '{similar[0]}'?" if similar else f'Known: {", ".join(sorted(known))}.'


class Settings(BaseModel):
    """Frozen settings that name the key and the value when they refuse an input.

    The numbers themselves live in the protocol files of ``workflows/protocols``.
    """

    model_config = ConfigDict(frozen=True, extra='forbid', allow_inf_nan=False)

    @classmethod
    def parse(cls: type[Model], values: Mapping[str, Any], where: str = '') -> Model:
        """Return the settings that ``values`` describe.

        :param where: dotted path of the mapping in what the user wrote, put before each key.
        :raises ValueError: in one sentence, for the first key that does not fit.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as exception:
            raise ValueError(_sentence(cls, exception, where)) from None


def _sentence(model: type[BaseModel], exception: ValidationError, where: str) -> str:
    """Return the first problem of a validation as a sentence."""
    problem = exception.errors(include_url=False)[0]
    path = '.'.join([*([where] if where else []), *(str(part) for part in problem['loc'])])
    if problem['type'] == 'extra_forbidden':
        *parents, key = problem['loc']
        return f"unknown key '{path}'. {closest(str(key), _keys_at(model, parents))}"
    if problem['type'] == 'missing':
        return f"key '{path}' is missing"
    message = problem['msg'].removeprefix('Value error, ')
    if isinstance(problem['input'], Mapping):  # the settings contradict each other
        return f"'{path}': {message}" if path else message
    return f"'{path}' is {problem['input']!r}: {message[0].lower()}{message[1:]}"


def _keys_at(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Return the keys of the settings at a place inside others."""
    for part in path:
        if part in model.model_fields:
            annotation = model.model_fields[str(part)].annotation
            inner = [
                one
                for one in (annotation, *get_args(annotation))
                if isinstance(one, type) and issubclass(one, BaseModel)
            ]
            model = inner[0] if inner else model
    return list(model.model_fields)

"""Validated settings."""

import re

import pytest
from pydantic import Field, ValidationError, field_validator, model_validator

from aiida_crystalgen.science.settings import Settings, closest


class Inner(Settings):
    """Settings inside others."""

    width: float = Field(gt=0)


class Outer(Settings):
    """Settings with others inside."""

    cutoff: float
    inner: Inner
    names: tuple[str, ...] = ()
    others: tuple[Inner, ...] = ()

    @field_validator('cutoff')
    @classmethod
    def _is_short(cls, value):
        if value > 10:
            raise ValueError('More than 10 Å is not needed')
        return value

    @model_validator(mode='after')
    def _is_wider_than_inner(self):
        if self.cutoff < self.inner.width:
            raise ValueError(f"'width' is {self.inner.width}, more than 'cutoff'")
        return self


GOOD = {'cutoff': 8.0, 'inner': {'width': 0.1}}


def test_good_values_are_kept():
    """What fits is kept as it was given."""
    settings = Outer.parse({**GOOD, 'names': ['a', 'b']})
    assert (settings.cutoff, settings.inner.width, settings.names) == (8.0, 0.1, ('a', 'b'))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'cutof': 8.0}, "unknown key 'cutof'. Did you mean 'cutoff'?"),
        ({'xyz': 8.0}, "unknown key 'xyz'. Known: cutoff, inner, names, others."),
        ({'cutoff': 20.0}, "'cutoff' is 20.0: more than 10 Å is not needed"),
        ({'cutoff': 'far'}, "'cutoff' is 'far': input should be a valid number"),
        ({'cutoff': float('inf')}, "'cutoff' is inf: input should be a finite number"),
        ({'inner': {'width': 0}}, "'inner.width' is 0: input should be greater than 0"),
        ({'inner': {}}, "key 'inner.width' is missing"),
        ({'names': [1]}, "'names.0' is 1: input should be a valid string"),
    ],
)
def test_first_problem_becomes_a_sentence(changes, message):
    """The key and the value are named."""
    with pytest.raises(ValueError, match=f'^{re.escape(message)}'):
        Outer.parse({**GOOD, **changes})


def test_place_in_the_file_comes_first():
    """Keys are given by their place in what the user wrote."""
    with pytest.raises(ValueError, match=r"^key 'search.rdf.inner' is missing$"):
        Outer.parse({'cutoff': 1.0}, 'search.rdf')


def test_contradiction_is_told_without_all_that_was_given():
    """What several keys say together is a sentence of its own."""
    with pytest.raises(ValueError, match=r"^'search': 'width' is 9.0, more than 'cutoff'$"):
        Outer.parse({'cutoff': 1.0, 'inner': {'width': 9.0}}, 'search')


@pytest.mark.parametrize(
    ('changes', 'place'),
    [
        ({'inner': {'width': 0.1, 'widht': 0.2}}, 'inner.widht'),
        ({'others': [{'width': 0.1, 'widht': 0.2}]}, 'others.0.widht'),
    ],
)
def test_unknown_key_of_inner_settings_is_compared_with_theirs(changes, place):
    """A suggestion comes from the keys at that place."""
    message = re.escape(f"unknown key '{place}'. Did you mean 'width'?")
    with pytest.raises(ValueError, match=message):
        Outer.parse({**GOOD, **changes})


def test_settings_cannot_be_changed():
    """Settings are the same for whoever holds them."""
    with pytest.raises(ValidationError):
        Outer.parse(GOOD).cutoff = 1.0


@pytest.mark.parametrize(
    ('name', 'sentence'),
    [('chgent', "Did you mean 'chgnet'?"), ('zzz', 'Known: chgnet, emt.')],
)
def test_closest_name(name, sentence):
    """A similar name is suggested, or all names."""
    assert closest(name, ['emt', 'chgnet']) == sentence

"""How templates are drawn."""

from __future__ import annotations

from pydantic import Field, field_validator

from aiida_crystalgen.science.settings import Settings

__all__ = ('TemplateSettings',)


class TemplateSettings(Settings):
    """What the choice among all templates that fulfil a request goes by.

    :param nearness: distance of two compounds, in standard deviations of the traits of elements,
        over which the say of one in the template of the other falls to 1/e.
    :param floor: least share of rows whose template is drawn from all possible ones, known or not.
    :param backoff: number of known crystals that say as much as what is known without them: the
        fewer crystals a choice could follow, the more follows the next coarser statistics.
    :param most_atoms: in the primitive cell, where only a chemical system is asked for.
    :param likely_first: whether the first rows get the likeliest templates, whatever the seed.
    :param sites: numbers of inequivalent sites of each element of a chemical system, by symbol;
        drawn as well if empty.
    """

    nearness: float = Field(gt=0)
    floor: float = Field(ge=0, le=1)
    backoff: float = Field(gt=0)
    most_atoms: int = Field(ge=1, le=200)
    likely_first: bool
    sites: dict[str, int] = Field(default_factory=dict)

    @field_validator('sites')
    @classmethod
    def _are_positive(cls, value: dict[str, int]) -> dict[str, int]:
        if value and min(value.values()) < 1:
            raise ValueError('each element needs at least one site')
        return value

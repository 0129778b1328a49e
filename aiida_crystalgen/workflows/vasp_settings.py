"""What VASP calculates, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import Field, field_validator, model_validator

from aiida_crystalgen.science.settings import Settings, closest

__all__ = ('Relaxation', 'Stage', 'VaspSettings', 'functional_name', 'merge_tags')

Tag = bool | int | float | str | list[float] | None

# Tags that steer the way to the result and its output, not the energy of a geometry.
_PATH_TAGS = frozenset({
    'algo', 'amin', 'amix', 'amix_mag', 'bmix', 'bmix_mag', 'ediff', 'ediffg', 'ialgo', 'ibrion',
    'icharg', 'images', 'iniwav', 'isif', 'istart', 'kpar', 'lcharg', 'lelf', 'lorbit', 'lplane',
    'lscalapack', 'lscalu', 'lvhar', 'lvtot', 'lwave', 'maxmix', 'ncore', 'nedos', 'nelm',
    'nelmdl', 'nelmin', 'npar', 'nsim', 'nsw', 'nwrite', 'potim', 'smass', 'system', 'time',
})  # fmt: skip

_FUNCTIONALS = {
    '91': 'PW91', 'am': 'AM05', 'b3': 'B3LYP', 'b5': 'B3LYP', 'bf': 'BEEF-vdW', 'bo': 'optB88',
    'ca': 'LDA', 'hl': 'LDA', 'or': 'optPBE', 'pe': 'PBE', 'ps': 'PBEsol', 'pz': 'LDA',
    're': 'revPBE', 'rp': 'RPBE', 'vw': 'LDA', 'wi': 'LDA',
}  # fmt: skip


class Relaxation(Settings):
    """When ions and cell are relaxed, in the words of aiida-vasp.

    VASP relaxes at a constant basis set, so that the relaxation of a cell starts anew from where it
    ended, until that changes nothing. The tolerances compare the two ends of the last relaxation.

    :param algo: conjugate gradients, or the residual minimisation of IBRION = 1.
    :param force_cutoff: largest force on an atom, in eV/Å.
    :param steps: ionic steps of one run of VASP.
    :param convergence_max_iterations: relaxations of a structure, each from the end of the last.
    :param convergence_positions: largest change of a position, in Å.
    :param convergence_volume: largest relative change of the volume.
    :param convergence_shape_lengths: largest relative change of a lattice vector's length.
    :param convergence_shape_angles: largest relative change of an angle between two.
    """

    algo: Literal['cg', 'rd']
    force_cutoff: float = Field(gt=0)
    steps: int = Field(gt=0)
    convergence_max_iterations: int = Field(gt=0)
    convergence_positions: float = Field(gt=0)
    convergence_volume: float = Field(gt=0)
    convergence_shape_lengths: float = Field(gt=0)
    convergence_shape_angles: float = Field(gt=0)


class Stage(Settings):
    """Where the coarse relaxation differs from the fine one.

    :param kpoints_spacing: in units of 2π/Å.
    :param incar: tags; None removes one.
    :param relaxation: values by their names in `Relaxation`.
    """

    kpoints_spacing: float | None = Field(gt=0)
    incar: dict[str, Tag]
    relaxation: dict[str, float]

    @field_validator('incar')
    @classmethod
    def _known(cls, tags: dict[str, Tag]) -> dict[str, Tag]:
        """Refuse tags that VASP has not."""
        return _known_tags(tags)


class VaspSettings(Settings):
    """What VASP calculates, and how.

    :param freedom: what may move: the ``cell`` and the ions in it, the ``ions``, or ``none``.
    :param potential_family: of the POTCARs.
    :param potential_mapping: name of the POTCAR of each element, as in {Sn: Sn_d}.
    :param kpoints_spacing: of a mesh around Γ, in units of 2π/Å.
    :param kpoints_mesh: divisions of the reciprocal lattice vectors in place of a spacing.
    :param incar: tags; None leaves VASP its default.
    :param magnetic_moments: initial moment in μB of the elements whose atoms have one; a structure
        with such an element is spin-polarised, unless the tags say otherwise.
    :param relaxation: when the relaxation is converged.
    :param max_iterations: runs of VASP in one relaxation, with aiida-vasp's repairs in between.
    :param ladder: tags to try, one set after the other, where the electrons do not converge in
        spite of the repairs; only such as leave the energy of a geometry as it is.
    :param two_stage: whether a coarse relaxation goes before the fine one.
    :param coarse: where the coarse relaxation differs.
    :param poscar_precision: decimals of the coordinates in POSCAR.
    """

    freedom: Literal['cell', 'ions', 'none']
    potential_family: str = Field(min_length=1)
    potential_mapping: dict[str, str]
    kpoints_spacing: float | None = Field(gt=0)
    kpoints_mesh: tuple[int, int, int] | None
    incar: dict[str, Tag]
    magnetic_moments: dict[str, float]
    relaxation: Relaxation
    max_iterations: int = Field(gt=0)
    ladder: tuple[dict[str, Tag], ...]
    two_stage: bool
    coarse: Stage
    poscar_precision: int = Field(ge=6, le=17)

    @field_validator('incar')
    @classmethod
    def _known(cls, tags: dict[str, Tag]) -> dict[str, Tag]:
        """Refuse tags that VASP has not."""
        return _known_tags(tags)

    @field_validator('ladder')
    @classmethod
    def _all_known(cls, rungs: tuple[dict[str, Tag], ...]) -> tuple[dict[str, Tag], ...]:
        """Refuse tags that VASP has not, and tags that would change the energy."""
        for name in (name.lower() for tags in rungs for name in tags):
            if name not in _PATH_TAGS:
                raise ValueError(f"'{name}' changes the energy, so that rows could not be compared")
        return tuple(_known_tags(tags) for tags in rungs)

    @model_validator(mode='after')
    def _one_mesh(self) -> VaspSettings:
        """Refuse a choice of k-points that is none, or two."""
        if (self.kpoints_spacing is None) == (self.kpoints_mesh is None):
            raise ValueError(
                "give either 'kpoints_spacing' or 'kpoints_mesh', and null for the other"
            )
        return self

    @property
    def stages(self) -> Sequence[tuple[str, VaspSettings]]:
        """Name and settings of each relaxation of a structure, one after the other."""
        if not self.two_stage or self.freedom == 'none':
            return (('fine', self),)
        spacing = self.coarse.kpoints_spacing
        coarse: dict[str, Any] = {
            'incar': merge_tags(self.incar, self.coarse.incar),
            'relaxation': {**self.relaxation.model_dump(), **self.coarse.relaxation},
        }
        if spacing is not None:
            coarse |= {'kpoints_spacing': spacing, 'kpoints_mesh': None}
        return (
            ('coarse', VaspSettings.parse({**self.model_dump(), **coarse}, 'coarse')),
            ('fine', self),
        )

    @property
    def fingerprint(self) -> str:
        """Digest of all that the energy of a geometry depends on, save the elements' potentials."""
        decisive = {
            'incar': {
                name: value
                for name, value in self.incar.items()
                if value is not None and name not in _PATH_TAGS
            },
            'kpoints': [self.kpoints_spacing, self.kpoints_mesh],
            'family': self.potential_family,
        }
        text = json.dumps(decisive, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def merge_tags(tags: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return tags of INCAR with those of ``changes`` in their place, all in lower case."""
    lowered = {name.lower(): value for name, value in changes.items()}
    return {**{name.lower(): value for name, value in tags.items()}, **lowered}


def _known_tags(tags: Mapping[str, Tag]) -> dict[str, Tag]:
    """Return the tags in lower case.

    :raises ValueError: if VASP has no such tag.
    """
    for name in tags:
        if name.lower() not in _vasp_tags():
            raise ValueError(f"unknown tag '{name}'. {closest(name.lower(), [*_vasp_tags()])}")
    return merge_tags(tags, {})


@cache
def _vasp_tags() -> tuple[str, ...]:
    """Return all tags that aiida-vasp writes into INCAR."""
    table = resources.files('aiida_vasp.assistant').joinpath('parameters.yml').read_text()
    return tuple(yaml.safe_load(table))


def functional_name(tags: Mapping[str, Any], titles: Sequence[str]) -> str:
    """Return the name of the density functional, as in 'PBE' or 'LDA+U'.

    :param tags: of INCAR, in lower case.
    :param titles: of the POTCARs, whose functional VASP takes where the tags name none.
    """
    name = str(tags.get('metagga') or '').upper()
    if not name and tags.get('gga'):
        name = _FUNCTIONALS.get(str(tags['gga']).lower(), str(tags['gga']).upper())
    if not name:
        kinds = {title.split()[0] if title.split() else '' for title in titles}
        name = {'PAW_PBE': 'PBE', 'PAW_GGA': 'PW91', 'PAW': 'LDA'}.get(min(kinds, default=''), '')
    if tags.get('lhfcalc'):
        name = f'hybrid {name}'
    if tags.get('ldau'):
        name += '+U'
    if tags.get('ivdw'):
        name += f'+IVDW{tags["ivdw"]}'
    return name or 'unknown'

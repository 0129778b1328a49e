"""What Quantum ESPRESSO calculates, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from aiida_crystalgen.science.settings import Settings, closest

__all__ = ('QuantumEspressoSettings', 'merge_parameters')

Value = bool | int | float | str | list[float] | None

_NAMELISTS = ('CONTROL', 'SYSTEM', 'ELECTRONS', 'IONS', 'CELL')

# Keywords of CONTROL on which the energy of a geometry does not depend.
_PATH_KEYWORDS = frozenset({
    'disk_io', 'dt', 'forc_conv_thr', 'iprint', 'max_seconds', 'nstep', 'title', 'verbosity',
    'wf_collect',
})  # fmt: skip

# What decides of these keywords, here or in aiida-quantumespresso.
_DECIDED = {
    ('CONTROL', 'calculation'): "it follows from 'freedom'",
    ('CONTROL', 'etot_conv_thr'): "it follows from 'etot_conv_thr_per_atom'",
    ('CONTROL', 'tprnfor'): 'forces are always calculated',
    ('CONTROL', 'tstress'): 'stress is always calculated',
    ('ELECTRONS', 'conv_thr'): "it follows from 'conv_thr_per_atom'",
    ('SYSTEM', 'nspin'): "it follows from 'magnetic_moments'",
    ('SYSTEM', 'starting_magnetization'): "it follows from 'magnetic_moments'",
}


class QuantumEspressoSettings(Settings):
    """What pw.x calculates, and how, in its own units: Ry, bohr and kbar.

    :param freedom: what may move: the ``cell`` and the ions in it, the ``ions``, or ``none``.
    :param pseudo_family: label of a family of aiida-pseudo.
    :param kpoints_spacing: of a mesh around Γ, in units of 2π/Å.
    :param kpoints_mesh: divisions of the reciprocal lattice vectors in place of a spacing.
    :param conv_thr_per_atom: error of the energy at which the electrons are converged, in Ry.
    :param etot_conv_thr_per_atom: change of the energy from one ionic step to the next, in Ry.
    :param parameters: keywords by namelist; None leaves pw.x its default. Without ``ecutwfc`` and
        ``ecutrho`` the cutoffs are those that the family recommends for the elements of the set.
    :param magnetic_moments: initial moment in μB of the elements whose atoms have one; a structure
        with such an element is spin-polarised.
    :param relaxations: of a cell, each from the end of the last, until forces and stress are also
        below their thresholds with the basis set of the relaxed cell.
    :param max_iterations: runs of pw.x in one of them, with repairs of aiida-quantumespresso.
    :param parallelization: options of the command line of pw.x, as in {npool: 4}.
    :param clean_workdir: whether wavefunctions and densities are deleted in the end.
    """

    freedom: Literal['cell', 'ions', 'none']
    pseudo_family: str = Field(min_length=1)
    kpoints_spacing: float | None = Field(gt=0)
    kpoints_mesh: tuple[int, int, int] | None
    conv_thr_per_atom: float = Field(gt=0)
    etot_conv_thr_per_atom: float = Field(gt=0)
    parameters: dict[str, dict[str, Value]]
    magnetic_moments: dict[str, float]
    relaxations: int = Field(gt=0)
    max_iterations: int = Field(gt=0)
    parallelization: dict[str, int]
    clean_workdir: bool

    @field_validator('parameters')
    @classmethod
    def _free(cls, parameters: dict[str, dict[str, Value]]) -> dict[str, dict[str, Value]]:
        """Refuse namelists that pw.x has not, and keywords that something else decides."""
        for namelist, keyword in (
            (one.upper(), key) for one in parameters for key in parameters[one]
        ):
            if namelist not in _NAMELISTS:
                raise ValueError(
                    f"unknown namelist '{namelist}'. {closest(namelist, [*_NAMELISTS])}"
                )
            if (namelist, keyword.lower()) in _DECIDED:
                why = _DECIDED[namelist, keyword.lower()]
                raise ValueError(f"'{namelist}.{keyword}' cannot be set: {why}")
        return merge_parameters(parameters, {})

    @model_validator(mode='after')
    def _one_mesh(self) -> QuantumEspressoSettings:
        """Refuse a choice of k-points that is none, or two."""
        if (self.kpoints_spacing is None) == (self.kpoints_mesh is None):
            raise ValueError(
                "give either 'kpoints_spacing' or 'kpoints_mesh', and null for the other"
            )
        return self

    @property
    def needs_cutoffs(self) -> bool:
        """Whether the family has to recommend a cutoff."""
        return self.parameters.get('SYSTEM', {}).get('ecutwfc') is None

    def with_cutoffs(self, wavefunctions: float, density: float) -> QuantumEspressoSettings:
        """Return the settings with cutoffs in Ry in the place of those that are not given."""
        system = self.parameters.get('SYSTEM', {})
        given = {name: value for name, value in system.items() if value is not None}
        cutoffs = {'ecutwfc': wavefunctions, 'ecutrho': density}
        parameters = merge_parameters(self.parameters, {'SYSTEM': {**cutoffs, **given}})
        return self.model_copy(update={'parameters': parameters})

    @property
    def given_parameters(self) -> dict[str, dict[str, Value]]:
        """The keywords that have a value, by namelist."""
        return {
            namelist: {name: value for name, value in keywords.items() if value is not None}
            for namelist, keywords in self.parameters.items()
        }

    @property
    def fingerprint(self) -> str:
        """Digest of all that the energy of a geometry depends on, save the elements' potentials."""
        parameters = self.given_parameters
        control = parameters.get('CONTROL', {})
        decisive = {
            'control': {name: one for name, one in control.items() if name not in _PATH_KEYWORDS},
            'system': parameters.get('SYSTEM', {}),
            'kpoints': [self.kpoints_spacing, self.kpoints_mesh],
            'family': self.pseudo_family,
        }
        text = json.dumps(decisive, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def merge_parameters(
    parameters: Mapping[str, Mapping[str, Any]], changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return keywords by namelist with those of ``changes`` in their place.

    Namelists come out in capitals, keywords in small letters.
    """
    merged: dict[str, dict[str, Any]] = {}
    for namelist, keywords in (*parameters.items(), *changes.items()):
        lowered = {name.lower(): value for name, value in keywords.items()}
        merged[namelist.upper()] = {**merged.get(namelist.upper(), {}), **lowered}
    return merged

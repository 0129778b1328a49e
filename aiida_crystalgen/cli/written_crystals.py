"""Sets of crystals as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('write_crystals',)


def write_crystals(crystals: CrystalSet, output: Path) -> None:
    """Write crystals to one file .extxyz, or as CIF files to a folder.

    :raises ValueError: if the path is neither.
    """
    from aiida_crystalgen.cli.progress import shown
    from aiida_crystalgen.science.export import write_cifs, write_extended_xyz

    if output.suffix not in {'', '.extxyz', '.xyz'}:
        raise ValueError(f'{output} is neither a file .extxyz nor a folder for CIF files')
    with shown('writing') as progress:
        if output.suffix:
            write_extended_xyz(crystals, output, progress=progress)
        else:
            write_cifs(crystals, output, progress=progress)

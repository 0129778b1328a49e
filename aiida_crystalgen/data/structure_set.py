"""The node that holds a whole set of crystals."""

from __future__ import annotations

from typing import Any

from aiida.common.exceptions import ValidationError
from aiida.orm import ArrayData

__all__ = ('StructureSetData',)


class StructureSetData(ArrayData):
    """Any number of crystals, with named properties of each, in one node.

    `aiida_crystalgen.data.convert` makes such nodes and reads them. Coordinates and properties are
    arrays in the repository: ``lattices`` in Å, ``fractional_coordinates``, ``atomic_numbers``,
    ``counts``, one ``column_NAME`` for each property of the crystals, and one ``atom_column_NAME``
    for each property of their atoms. What is worth a query is an attribute:

    - ``number``: how many crystals;
    - ``periodic``: false for clusters, whose cells are boxes that do not repeat;
    - ``elements``: symbols in alphabetical order, and ``chemical_system``, the same as in 'Se-Sn';
    - ``formulas``: the different reduced formulas, sorted, `MAXIMUM_FORMULAS` at most;
    - ``properties``: the unit of each property, empty for pure numbers and text;
    - ``atom_properties``: the same of the properties of atoms;
    - ``metadata``: facts about the whole set, among them ``source``, where it comes from, and
      ``engine``, the name, package and version of what computed its energies.
    """

    MAXIMUM_FORMULAS = 100
    COLUMN_PREFIX = 'column_'
    ATOM_COLUMN_PREFIX = 'atom_column_'
    GEOMETRY = ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts')

    @property
    def number(self) -> int:
        """Number of crystals."""
        return self.base.attributes.get('number')

    @property
    def periodic(self) -> bool:
        """Whether these are crystals, not clusters; sets say so only since there are clusters."""
        return self.base.attributes.get('periodic', True)

    @property
    def elements(self) -> list[str]:
        """Symbols of all elements, in alphabetical order."""
        return self.base.attributes.get('elements')

    @property
    def formulas(self) -> list[str]:
        """The different reduced formulas in alphabetical order, `MAXIMUM_FORMULAS` at most."""
        return self.base.attributes.get('formulas')

    @property
    def properties(self) -> dict[str, str]:
        """Unit of each property, by its name."""
        return self.base.attributes.get('properties')

    @property
    def atom_properties(self) -> dict[str, str]:
        """Unit of each property of the atoms, by its name."""
        return self.base.attributes.get('atom_properties')

    @property
    def facts(self) -> dict[str, Any]:
        """Facts about the whole set, among them ``source`` and ``engine``."""
        return self.base.attributes.get('metadata')

    def _validate(self) -> bool:
        """Refuse a node whose arrays and attributes contradict each other."""
        super()._validate()
        shapes = {name: self.get_shape(name) for name in self.get_arraynames()}
        missing = {*self.GEOMETRY} - {*shapes}
        if missing or self.base.attributes.get('properties', None) is None:
            raise ValidationError(
                f'this set of structures has no {", ".join(sorted(missing)) or "attributes"}; make '
                'it with aiida_crystalgen.data.convert.node_from_crystals'
            )
        self._validate_shapes(shapes)
        return True

    def _validate_shapes(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Raise unless the arrays fit each other and the attributes."""
        number, atoms = self.number, int(self.get_array('counts').sum())
        expected = {
            'lattices': (number, 3, 3),
            'fractional_coordinates': (atoms, 3),
            'atomic_numbers': (atoms,),
            'counts': (number,),
        }
        for name, shape in expected.items():
            if shapes[name] != shape:
                raise ValidationError(f"array '{name}' has shape {shapes[name]}, not {shape}")
        lengths = {self.COLUMN_PREFIX + name: number for name in self.properties}
        lengths |= {self.ATOM_COLUMN_PREFIX + name: atoms for name in self.atom_properties}
        columns = {name: shape for name, shape in shapes.items() if name not in expected}
        if {*columns} != {*lengths}:
            raise ValidationError(
                f'the arrays {sorted(columns)} are not those of the properties {sorted(lengths)}'
            )
        for name, shape in columns.items():
            if shape[:1] != (lengths[name],):
                raise ValidationError(
                    f"array '{name}' has shape {shape} for {number} crystals of {atoms} atoms"
                )

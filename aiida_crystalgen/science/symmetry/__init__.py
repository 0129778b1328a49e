"""Space groups: Wyckoff positions, random crystals of a given symmetry, symmetry analysis."""

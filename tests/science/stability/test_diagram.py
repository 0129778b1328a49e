"""Laws of the hull as points and tie lines."""

import numpy as np
import pytest

from aiida_crystalgen.science.stability.diagram import hull_diagram

KNOWN = [
    ('Na', -1.0),
    ('Cl2', -2.0),
    ('NaCl', -3.5),
    ('Na3Cl', -2.0),
    ('NaCl3', -1.0),
    ('Na2', -0.9),
]


def test_points_lie_where_their_compositions_and_energies_are(make):
    """Elements have no formation energy, what is on the hull is not above it."""
    diagram = hull_diagram(make([('Na2Cl2', -3.6), ('Na3Cl', np.nan)]), make(KNOWN))
    assert diagram.elements == ('Cl', 'Na')
    known = diagram.references
    np.testing.assert_allclose(known.fractions[:, 1], [1, 0, 0.5, 0.75, 0.25, 1])
    np.testing.assert_allclose(known.formation_energies[[0, 1, 2, 5]], [0, 0, -2.0, 0.1])
    np.testing.assert_allclose(known.above_hull[:3], 0.0, atol=1e-12)
    assert diagram.phases.labels == ('NaCl',)
    np.testing.assert_allclose(diagram.phases.above_hull, [-0.1])


def test_tie_lines_connect_neighbours_on_the_hull(make):
    """Over two elements they are a chain of the stable crystals."""
    diagram = hull_diagram(make([('NaCl', -3.0)]), make(KNOWN))
    assert {frozenset(line) for line in diagram.tie_lines.tolist()} == {
        frozenset({0, 2}),
        frozenset({1, 2}),
    }


def test_tie_lines_of_three_elements_divide_the_triangle(make):
    """Every stable crystal is at an end, and there are as many lines as Euler has it."""
    compounds = [('Li2S', -1.5), ('Li3PS4', -1.1), ('P2S5', -0.4), ('LiP', 0.2)]
    references = make([('Li', 0.0), ('P', 0.0), ('S', 0.0), *compounds])
    lines = hull_diagram(references, references).tie_lines
    stable, on_the_edge = 6, 5
    assert np.unique(lines).tolist() == list(range(stable))
    assert len(lines) == 3 * stable - 3 - on_the_edge


def test_other_elements_are_left_out(make):
    """The chemical system is that of the phases."""
    known = make([*KNOWN, ('NaBr', -9.0), ('Br', -3.0)])
    assert len(hull_diagram(make([('NaCl', -3.0)]), known).references.labels) == len(KNOWN)


def test_a_system_without_an_element_has_no_hull(make):
    """The message says what to add."""
    with pytest.raises(ValueError, match=r'no hull of Br-Na: .* add its crystal'):
        hull_diagram(make([('NaBr', -3.0)]), make(KNOWN))


def test_diagrams_do_not_mix_engines(make):
    """Phases of one engine are not placed on the hull of another."""
    with pytest.raises(ValueError, match=r"'emt' .*'test'"):
        hull_diagram(make([('NaCl', -3.0)], {'name': 'emt'}), make(KNOWN))

"""Order parameters of coordination motifs."""

import numpy as np
import pytest
from pymatgen.analysis.local_env import LocalStructOrderParams
from pymatgen.core import Site

from aiida_crystalgen.science.metrics.fingerprints.order_parameters import order_parameters

# Of pymatgen, in the order of the fingerprint, with the parameters of its file cn_opt_params.yaml.
BENDS = [(0.5, 15.15), (0.5802777777777778, 13.95), (0.666666666667, 13.25)]
BENDS += [(0.833333333333333, 12.45), (1, 8.667)]
TILTED = {'TA': 0.6081734479693927, 'IGW_TA': 18.33, 'fac_AA': 1.5, 'exp_cos_AA': 2}
SEESAW = {
    'min_SPP': 2.356194490192345,
    'IGW_EP': 15.75,
    'IGW_SPP': 12.75,
    'fac_AA': 1.5,
    'exp_cos_AA': 2,
    'w_SPP': 1,
}
STEINHARDT = [('q2', None), ('q4', None), ('q6', None)]
MOTIFS = {
    1: [('sgl_bd', None)],
    2: [('bent', {'TA': angle, 'IGW_TA': width}) for angle, width in BENDS],
    3: [('tri_plan_max', None), ('tet_max', TILTED), ('T', None)],
    4: [
        ('sq_plan_max', None),
        ('tet_max', None),
        ('see_saw_rect', None),
        ('tri_bipyr', SEESAW),
        ('tri_pyr', None),
    ],
    5: [('pent_plan_max', None), ('sq_pyr', None), ('tri_bipyr', None)],
    6: [('hex_plan_max', None), ('oct_max', None), ('pent_pyr', None)],
    7: [('hex_pyr', None), ('pent_bipyr', None)],
    8: [('bcc', None), ('hex_bipyr', None)],
    9: STEINHARDT,
    10: STEINHARDT,
    11: STEINHARDT,
    12: [('cuboct_max', None), *STEINHARDT],
}


def directions(number, *, seed=0, sites=4):
    """Return random unit vectors."""
    vectors = np.random.default_rng(seed).normal(size=(sites, number, 3))
    return vectors / np.linalg.norm(vectors, axis=2, keepdims=True)


def with_pymatgen(vectors):
    """Return the order parameters that pymatgen gives the neighbours of one site."""
    sites = [Site('Si', [0, 0, 0]), *(Site('Si', vector) for vector in vectors)]
    around = list(range(1, len(sites)))
    result = []
    for name, parameters in MOTIFS[len(vectors)]:
        values = LocalStructOrderParams([name], parameters=[parameters])
        result.append(values.get_order_parameters(sites, 0, indices_neighs=around)[0] or 0)
    return np.array(result)


@pytest.mark.parametrize('number', MOTIFS)
def test_values_are_those_of_pymatgen(number):
    """All motifs agree; where pymatgen's value depends on the order of neighbours, its mean does.

    That is the body-centred one, of which it takes one of both orders of each pair.
    """
    vectors = directions(number, seed=number)
    expected = [(with_pymatgen(one) + with_pymatgen(one[::-1])) / 2 for one in vectors]
    assert np.allclose(order_parameters(vectors), expected, atol=1e-10)


def around(*groups):
    """Return unit vectors at polar angles and azimuths in degrees."""
    theta, phi = np.radians(np.array(groups, dtype=float)).T
    return np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], 1)


RING = range(0, 360, 60)
PERFECT = {
    'linear': (around((0, 0), (180, 0)), 4),
    'trigonal planar': (around(*((90, phi) for phi in (0, 120, 240))), 0),
    'square': (around(*((90, phi) for phi in (0, 90, 180, 270))), 0),
    'tetrahedron': (around((0, 0), *((109.4712206, phi) for phi in (0, 120, 240))), 1),
    'octahedron': (around((0, 0), (180, 0), *((90, phi) for phi in (0, 90, 180, 270))), 1),
    'hexagon': (around(*((90, phi) for phi in RING)), 0),
    'hexagonal bipyramid': (around((0, 0), (180, 0), *((90, phi) for phi in RING)), 1),
}


@pytest.mark.parametrize('name', PERFECT)
def test_perfect_motifs_are_recognized(name):
    """The order parameter of a motif is 1 for the motif itself, and no other is larger."""
    vectors, place = PERFECT[name]
    values = order_parameters(vectors[None])[0]
    assert np.isclose(values[place], 1, atol=1e-3)
    assert values[place] >= values.max() - 1e-3


@pytest.mark.parametrize('number', [4, 6, 8, 12])
def test_values_are_invariant(number):
    """Neither the order of the neighbours nor a rotation changes anything."""
    vectors = directions(number, seed=3)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    expected = order_parameters(vectors)
    assert np.allclose(order_parameters(vectors[:, ::-1] @ rotation), expected)


def test_other_numbers_have_no_motifs():
    """Thirteen neighbours have none."""
    assert order_parameters(directions(13)).shape == (4, 0)

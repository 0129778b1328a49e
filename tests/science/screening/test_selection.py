"""Which proposals are worth a relaxation."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.screening.selection import ScreeningSettings, screen

SETTINGS = {
    'validity': {'distances': {'Si-Si': 1.5}, 'smallest_volume': 10.0, 'largest_volume': 30.0},
    'similar_to': ['references'],
    'within': 0.13,
    'limit': 10,
    'rdf': {'cutoff': 8.0, 'points': 200, 'width': 0.06},
    'duplicates': {
        'length_tolerance': 0.1,
        'site_tolerance': 0.15,
        'angle_tolerance': 5.0,
        'scale': True,
        'fingerprint_distance': 0.1,
        'cluster_tolerance': 0.3,
    },
}


@pytest.fixture
def proposals(cubic, crystal, disguised):
    """Return a poor diamond, a collapsed cell, a cell too large, bcc, a good diamond, a failure."""
    collapsed = crystal(np.diag([1.2, 4.0, 4.0]), [[0, 0, 0]])
    crystals = concatenate(
        [
            disguised(cubic('diamond', 5.43), noise=0.05),
            collapsed,
            cubic('diamond', 7.5),
            cubic('bcc', 3.1),
            cubic('diamond', 5.44),
            cubic('diamond', 5.45),
        ]
    )
    rejection = np.array(['', '', '', '', '', 'no place for the atoms'])
    return crystals.with_columns(rejection=rejection)


@pytest.fixture
def screened(proposals, cubic):
    """Return a function that screens the proposals with changed settings."""

    def call(**changes):
        settings = ScreeningSettings.parse(SETTINGS | changes)
        return screen({'any': proposals}, cubic('diamond', 5.43), settings)

    return call


def test_every_proposal_has_its_verdict(screened):
    """The stage tells how far it came, the rejection why no further."""
    verdicts = screened().verdicts
    assert verdicts['stage'].tolist() == [
        'similar',
        'proposed',
        'proposed',
        'valid',
        'selected',
        'generated',
    ]
    reasons = verdicts['rejection'].tolist()
    assert reasons[0] == 'duplicate of row 4'
    assert 'Si-Si distance of 1.20 Å' in reasons[1]
    assert 'Å³ per atom' in reasons[2]
    assert reasons[3].startswith('similar to nothing')
    assert reasons[4:] == ['', 'no place for the atoms']


def test_accepted_crystals_know_where_they_come_from(screened, proposals):
    """Generator and row lead back to the proposal, whose geometry is untouched."""
    accepted = screened().accepted
    assert accepted['generator'].tolist() == ['any']
    assert accepted['proposal_row'].tolist() == [4]
    np.testing.assert_array_equal(accepted.lattices, proposals.lattices[[4]])


def test_without_similarity_all_valid_and_distinct_ones_pass(screened):
    """With nothing to be similar to, only validity and duplicates count."""
    assert screened(similar_to=[]).accepted['proposal_row'].tolist() == [0, 3]


def test_the_limit_keeps_the_most_similar(screened):
    """Those beyond the limit say so."""
    result = screened(within=1.0, limit=1)
    assert result.accepted['proposal_row'].tolist() == [4]
    assert result.verdicts['rejection'][3] == 'beyond the limit of 1 crystals'


@pytest.mark.parametrize('limit', [1, 2, 3])
def test_a_limit_changes_no_verdict_within_it(cubic, disguised, limit):
    """However many are looked at, each is compared with the same ones, those of earlier rounds too.

    The first ones are copies of each other, so that more have to be looked at for any limit.
    """
    names = ['diamond'] * 5 + ['bcc', 'diamond', 'bcc', 'fcc', 'diamond', 'sc', 'bcc']
    crystals = disguised(concatenate([cubic(name, 5.4) for name in names]), noise=0.01)
    crystals = crystals.with_columns(rejection=np.full(len(crystals), '', dtype='<U1'))
    changes = {'similar_to': [], 'validity': SETTINGS['validity'] | {'largest_volume': 200.0}}
    earlier = cubic('fcc', 5.4)

    def rejections(limit):
        settings = ScreeningSettings.parse(SETTINGS | changes | {'limit': limit})
        return screen({'any': crystals}, earlier, settings, earlier=earlier).verdicts['rejection']

    limited, unlimited = rejections(limit), rejections(len(crystals))
    within = np.char.find(limited, 'beyond') < 0
    assert limited[within].tolist() == unlimited[within].tolist()
    assert (limited == '').sum() == limit


def test_replicas_that_nobody_has_are_refused(screened):
    """Similarity to replicas needs a generator that has some."""
    with pytest.raises(ValueError, match='none of the generators any has any'):
        screened(similar_to=['replicas'])


@pytest.mark.parametrize('within', [0.0, 1.3, -0.1])
def test_distances_that_are_none_are_refused(within):
    """A Pearson distance for similar lies between 0 and 1."""
    with pytest.raises(ValueError, match='between 0 and 1'):
        ScreeningSettings.parse(SETTINGS | {'within': within})

"""Evaluations of generated crystals beside real ones."""

import json

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import Column, concatenate
from aiida_crystalgen.science.metrics.evaluation import evaluate

SALTS = [(3, 9), (3, 17), (11, 9), (11, 17), (19, 9), (19, 17), (12, 8), (20, 8)]


@pytest.fixture
def salts(rock_salts):
    """Return rock salts of several elements and edges."""
    return concatenate([rock_salts(*SALTS, edge=edge) for edge in (5.0, 5.5)])


def test_the_references_themselves_are_perfect(salts, settings):
    """They cover each other, without any distance, and are nothing new."""
    measures = evaluate(salts, salts, salts, settings(), seed=0).generated
    assert [measures[key] for key in ('valid', 'recall', 'precision')] == [1, 1, 1]
    assert [measures[key] for key in ('sample_recall', 'sample_precision')] == [1, 1]
    for name in ('frechet_distance', 'density_distance', 'element_count_distance'):
        assert measures[name] == pytest.approx(0, abs=1e-9)
    assert (measures['novel'], measures['unique']) == (0, 0.5)  # both edges match


def test_real_crystals_stand_beside(salts, settings):
    """They are drawn from the training set, or else from the references and left out of these."""
    trained = evaluate(salts, salts, salts, settings(sample=5), seed=0)
    assert (trained.real_source, trained.numbers['real']) == ('training', 5)
    assert trained.real['recall'] <= 1
    alone = evaluate(salts, salts, None, settings(), seed=0)
    assert (alone.real_source, alone.numbers['real']) == ('references', 8)
    assert 'novel' not in alone.generated


def test_failures_are_counted(salts, settings):
    """Collapsed and rejected crystals lower validity and precision, not those of the sample."""
    rejected = np.where(np.arange(16) < 4, 'sites merged', '')
    measures = evaluate(
        salts.with_columns(rejection=rejected), salts, None, settings(), seed=0
    ).generated
    assert measures['valid_structure'] == 0.75
    assert measures['sample_precision'] == 1


def test_space_groups_and_targets_are_looked_at(salts, settings):
    """If the set says which were asked for; a supergroup is kept but not equal."""
    asked = salts.with_columns(
        requested_space_group=np.repeat([225, 221, 194, 1], 4), target=np.arange(16)
    )
    measures = evaluate(asked, salts, None, settings(), seed=0).generated
    assert measures['space_group_equal'] == 0.25
    assert measures['space_group_kept'] == 0.75
    assert measures['match_rate'] == 1
    assert measures['match_displacement'] == pytest.approx(0, abs=1e-6)


def test_energies_of_one_engine_are_compared(salts, settings):
    """Those of different engines are not."""
    known = salts.with_columns(energy=Column(np.zeros(16), 'eV/atom'))
    known = known.with_metadata(engine={'name': 'emt'})
    higher = known.with_columns(energy=Column(np.full(16, 0.2), 'eV/atom'))
    measures = evaluate(higher, known, None, settings(), seed=0).generated
    assert measures['energy_distance'] == pytest.approx(0.2)
    other = higher.with_metadata(engine={'name': '7net-0'})
    assert 'energy_distance' not in evaluate(other, known, None, settings(), seed=0).generated


def test_activations_are_compared_where_there_are_any(salts, rock_salts, settings):
    """Those of the references have no distance, and polonium is left out and counted."""
    found = concatenate([salts, rock_salts((84, 8), (84, 16), (84, 34), (84, 52))])
    result = evaluate(found, salts, salts, settings(activations='7net-0'), seed=0)
    for measures, seen in ((result.generated, 0.8), (result.real, 1)):
        assert measures['activated'] == pytest.approx(seen)
        assert measures['activation_frechet_distance'] == pytest.approx(0, abs=1e-6)


def test_without_activations_there_is_no_distance(salts, rock_salts, settings):
    """It takes two crystals on each side whose elements the network knows."""
    poisons = rock_salts((84, 8), (84, 16), (84, 34), (84, 52))
    chosen = settings(activations='7net-0')
    measures = evaluate(poisons, salts, None, chosen, seed=0).generated
    assert measures['activated'] == 0
    assert 'activation_frechet_distance' not in measures
    assert 'frechet_distance' in measures


def test_evaluations_are_reproducible_json(salts, settings):
    """The same seed draws the same samples, and all values are numbers."""
    first, second = (evaluate(salts, salts, None, settings(sample=5), seed=3) for _ in range(2))
    assert json.dumps(first.to_dict(), allow_nan=False) == json.dumps(second.to_dict())


def test_sets_that_cannot_be_compared_are_refused(salts, settings, to_clusters):
    """The message names the set."""
    from ase import Atoms

    clusters = to_clusters(*[Atoms('Si2', [[0, 0, 0], [0, 0, 2]])] * 4)
    with pytest.raises(ValueError, match='generated set holds clusters'):
        evaluate(clusters, salts, None, settings(), seed=0)
    with pytest.raises(ValueError, match='reference set holds 3 crystals'):
        evaluate(salts, salts.select([0, 1, 2]), None, settings(), seed=0)

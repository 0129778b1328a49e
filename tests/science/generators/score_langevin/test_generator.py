"""Laws of the generator of crystals from noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.checkpoint import read_checkpoint, write_checkpoint
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.generators.inspection import CountsSpaceGroups, FilmsProposals
from aiida_crystalgen.science.generators.interface import (
    Course,
    Generator,
    ProposesRows,
    ResumesTraining,
    ShipsCheckpoint,
    TakesSystems,
)
from aiida_crystalgen.science.generators.score_langevin import ScoreLangevin
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.structures import to_structure
from aiida_crystalgen.science.symmetry.analysis import space_groups


@pytest.fixture
def propose(trained, request_for):
    """Return a function that makes proposals."""

    def make(composition='TiO2', seed=1, **changes):
        request = request_for(composition, **changes)
        return ScoreLangevin().propose(trained, request, seed=seed, progress=silent)

    return make


def test_interface():
    """The generator can go on, propose row by row and in systems, and show how."""
    generator = ScoreLangevin()
    protocols = (
        Generator,
        ResumesTraining,
        ProposesRows,
        TakesSystems,
        ShipsCheckpoint,
        FilmsProposals,
        CountsSpaceGroups,
    )
    for protocol in protocols:
        assert isinstance(generator, protocol)


def test_formula_and_group_are_kept(propose):
    """Proposals have exactly the formula, in the group asked for or in a higher one."""
    crystals = propose('TiO2', space_groups=[136, 164, 14, 62], candidates=8)
    assert set(reduced_formulas(crystals)) == {'TiO2'}
    asked = crystals['requested_space_group']
    assert set(asked.tolist()) <= {136, 164, 14, 62}
    usable = crystals['rejection'] == ''
    assert usable.any()
    found = space_groups(crystals, 0.01)
    kept = [
        _operations(to_structure(crystals, int(row)), 0.01) >= _order(int(asked[row]))
        for row in np.flatnonzero(usable)
    ]
    assert all(kept), (found, asked)


def _operations(structure, tolerance):
    """Return the number of rotations of a structure's space group."""
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    analyzer = SpacegroupAnalyzer(structure, symprec=tolerance)
    return len({str(one.rotation_matrix) for one in analyzer.get_symmetry_operations()})


def _order(group):
    """Return the number of rotations of a space group."""
    from pymatgen.symmetry.groups import SpaceGroup

    operations = SpaceGroup.from_int_number(group).symmetry_ops
    return len({str(one.rotation_matrix) for one in operations})


def test_systems_are_proposed(propose):
    """Of a chemical system formulas are chosen too."""
    crystals = propose('Ti-O')
    assert len(crystals) == 6
    assert set(np.unique(crystals.atomic_numbers)) == {8, 22}


def test_rows_depend_on_nothing_but_their_number(trained, request_for):
    """Rows proposed alone, in another batch, are those of the whole proposal, to the bit."""
    request, generator = request_for(candidates=7), ScoreLangevin()
    whole = generator.propose(trained, request, seed=4, progress=silent)
    for rows in ([3], [0, 6], [1, 2, 4, 5]):
        some = generator.propose_rows(trained, request, np.array(rows), seed=4, progress=silent)
        expected = whole.select(rows)
        assert np.array_equal(some.lattices, expected.lattices)
        assert np.array_equal(some.fractional_coordinates, expected.fractional_coordinates)


def test_seeds_differ(propose):
    """Another seed gives other crystals, the same one the same."""
    assert np.array_equal(propose(seed=1).lattices, propose(seed=1).lattices)
    assert not np.array_equal(propose(seed=1).lattices, propose(seed=2).lattices)


def test_checkpoints_are_files(trained):
    """A checkpoint comes back from its file, and equal trainings give equal files."""
    content = write_checkpoint(trained)
    assert write_checkpoint(read_checkpoint(content)) == content


def test_interrupted_training_goes_on(known, settings, trained):
    """A training that was cut short and went on gives the same bytes as one that was not."""
    states = []
    course = Course(save=lambda capture: states.append(capture()))
    generator, crystals = ScoreLangevin(), known.to_crystals()
    generator.resume_training(crystals, settings, course, seed=1, progress=silent)
    state = read_checkpoint(write_checkpoint(states[0]))
    assert state.summary['done'] == 1
    course = Course(state=state)
    resumed = generator.resume_training(crystals, settings, course, seed=1, progress=silent)
    assert write_checkpoint(resumed) == write_checkpoint(trained)


def test_states_of_other_trainings_are_refused(known, settings):
    """A state with another seed is none to go on from."""
    states = []
    course = Course(save=lambda capture: states.append(capture()))
    generator, crystals = ScoreLangevin(), known.to_crystals()
    generator.resume_training(crystals, settings, course, seed=1, progress=silent)
    with pytest.raises(ValueError, match='other settings or another seed'):
        generator.resume_training(
            crystals, settings, Course(state=states[0]), seed=2, progress=silent
        )


def test_models_to_start_from_have_the_same_layers(known, settings, trained):
    """The message names the setting that differs."""
    other = {**settings, 'network': {**settings['network'], 'layers': 1}}
    with pytest.raises(ValueError, match=r"other settings of 'network\.layers'"):
        ScoreLangevin().resume_training(
            known.to_crystals(), other, Course(start=trained), seed=1, progress=silent
        )


def test_weights_of_another_architecture_are_refused(trained, request_for):
    """Weights that do not fit the settings are named."""
    weights = {**trained.weights, 'network.radial.weight': np.zeros((3, 3), dtype=np.float32)}
    with pytest.raises(ValueError, match=r'network\.radial\.weight'):
        ScoreLangevin().propose(
            replace(trained, weights=weights), request_for(), seed=1, progress=silent
        )
    with pytest.raises(ValueError, match='trained by rdf_vae'):
        ScoreLangevin().propose(
            replace(trained, method='rdf_vae'), request_for(), seed=1, progress=silent
        )
    with pytest.raises(ValueError, match='there is none; train it'):
        ScoreLangevin().propose(None, request_for(), seed=1, progress=silent)


@pytest.mark.parametrize(
    ('composition', 'changes', 'message'),
    [
        ('AuO2', {}, 'trained on contains Au'),
        ('TiO2', {'periodic': False}, 'clusters are asked for'),
        (
            'TiO2',
            {'targets': [{'property': 'energy', 'values': [1.0], 'tolerance': 0.1}]},
            "here 'energy'",
        ),
        ('TiO2', {'space_groups': [230]}, '230'),
    ],
    ids=['unseen element', 'clusters', 'targets', 'impossible group'],
)
def test_impossible_requests_are_refused(propose, composition, changes, message):
    """The message says what of the request is impossible."""
    with pytest.raises(ValueError, match=message):
        propose(composition, **changes)


def test_clusters_teach_nothing(known, settings):
    """Clusters have no Wyckoff positions."""
    clusters = replace(known.to_crystals(), periodic=False)
    with pytest.raises(ValueError, match='only crystals have sites'):
        ScoreLangevin().train(clusters, settings, seed=1, progress=silent)


def test_merged_atoms_are_rejected(propose):
    """Crystals whose atoms come too close are there, with the reason."""
    crystals = propose('TiO2', distances={'O-O': 9.0, 'O-Ti': 9.0, 'Ti-Ti': 9.0})
    assert len(crystals) == 6
    assert any('distance of' in reason for reason in crystals['rejection'])
    assert (crystals['rejection'] != '').all()


def test_collapsed_cells_are_rejected(trained, request_for):
    """A model that drives cells to nothing gives rejected crystals, and no error."""
    weights = dict(trained.weights)
    name = 'network.on_crystals.2.bias'
    weights[name] = weights[name] + np.float32(1e3) * (np.arange(len(weights[name])) < 6)
    ruined = replace(trained, weights=weights)
    found = ScoreLangevin().propose(ruined, request_for(), seed=1, progress=silent)
    assert (found['rejection'] != '').all()


def test_films_end_with_the_proposal(trained, request_for):
    """The last picture is the crystal that is proposed, and there is ever less noise before."""
    request, generator = request_for(candidates=4), ScoreLangevin()
    film = generator.film(trained, request, 2, seed=4, frames=4)
    expected = generator.propose(trained, request, seed=4, progress=silent).select([2])
    assert len(film) == 4
    assert film['noise'][-1] == 0
    assert (np.diff(film['noise']) < 0).all()
    assert np.array_equal(film.lattices[-1:], expected.lattices)
    last = film.select([3]).fractional_coordinates
    assert np.array_equal(last, expected.fractional_coordinates)
    with pytest.raises(ValueError, match='two at least'):
        generator.film(trained, request, 2, seed=4, frames=1)


def test_space_groups_are_counted(trained):
    """Each space group that was learned is counted, and no other."""
    counts = ScoreLangevin().space_group_counts(trained)
    assert set(np.flatnonzero(counts)) <= {14, 136, 164, 225}
    assert counts.shape == (231,)
    assert 1 < counts.sum() <= 20


def test_all_threads_give_the_same(propose):
    """The number of threads changes nothing."""
    threads = torch.get_num_threads()
    one = propose()
    torch.set_num_threads(2)
    try:
        assert np.array_equal(propose().lattices, one.lattices)
    finally:
        torch.set_num_threads(threads)

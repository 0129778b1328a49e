"""The inputs of a job become its files."""

import json
import shutil

import numpy as np
import pytest
from aiida import orm
from aiida.common.folders import SandboxFolder
from aiida.engine.utils import instantiate_process
from aiida.manage import get_manager
from aiida.plugins import CalculationFactory

from aiida_crystalgen.data.convert import node_from_checkpoint, node_from_crystals
from aiida_crystalgen.remote import files
from aiida_crystalgen.science.checkpoint import Checkpoint, read_checkpoint

REQUEST = {
    'composition': 'Si',
    'formula_units': [8],
    'cell': 'conventional',
    'candidates': 3,
    'volume_per_atom': 20.0,
    'volume_tolerance': 0.1,
    'distances': {'Si-Si': 2.1},
    'attempts': 10,
}


@pytest.fixture
def prepare(aiida_profile_clean, crystalgen_code, tmp_path):
    """Return a factory of the files and the CalcInfo of a job."""

    def build(verb, **inputs):
        process = instantiate_process(
            get_manager().get_runner(),
            CalculationFactory(f'crystalgen.{verb}'),
            code=crystalgen_code,
            **inputs,
        )
        with SandboxFolder() as folder:
            info = process.prepare_for_submission(folder)
            shutil.copytree(folder.abspath, tmp_path, dirs_exist_ok=True)
        return info, json.loads((tmp_path / files.JOB).read_text())

    return build


def test_training_job_holds_crystals_settings_and_seed(prepare, silicon, tmp_path):
    """All that the training needs is in its folder."""
    training = node_from_crystals(silicon(5.4, 5.5)).store()
    info, job = prepare(
        'train', training=training, method='rdf_vae', settings={'epochs': 3}, seed=7
    )
    assert job == {'verb': 'train', 'method': 'rdf_vae', 'settings': {'epochs': 3}, 'seed': 7}
    np.testing.assert_allclose(
        files.read_crystals(tmp_path / files.CRYSTALS).volumes, [5.4**3, 5.5**3]
    )
    assert files.CHECKPOINT in info.retrieve_temporary_list


def test_proposing_job_holds_request_and_checkpoint(prepare, tmp_path):
    """A given checkpoint is written as it is."""
    checkpoint = Checkpoint('rdf_vae', {'weight': np.ones(3)}, {})
    node = node_from_checkpoint(checkpoint).store()
    _, job = prepare('propose', method='rdf_vae', request=REQUEST, seed=7, checkpoint=node)
    assert job['request'] == REQUEST
    content = (tmp_path / files.CHECKPOINT).read_bytes()
    np.testing.assert_array_equal(read_checkpoint(content).weights['weight'], np.ones(3))


def test_relaxation_job_holds_crystals_and_potential(prepare, silicon, tmp_path):
    """The potential goes by name, the crystals as a file that is no second copy in the graph."""
    structures = node_from_crystals(silicon(5.4)).store()
    info, job = prepare('relax', structures=structures, potential='tersoff', settings={'a': 1})
    assert job == {'verb': 'relax', 'potential': 'tersoff', 'settings': {'a': 1}}
    assert files.CRYSTALS in info.provenance_exclude_list


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({'seed': -1}, 'seed is -1'),
        ({'request': {**REQUEST, 'compositon': 'Si'}}, "Did you mean 'composition'"),
        ({'request': {**REQUEST, 'volume_per_atom': -3}}, "'volume_per_atom' is -3"),
        ({'request': {**REQUEST, 'space_groups': [231]}}, 'space groups are numbers from 1 to 230'),
        ({'request': {**REQUEST, 'distances': {'Si-Si': -2.1}}}, 'the distance of Si-Si is -2.1'),
        ({'request': {**REQUEST, 'composition': 'Si0.5'}}, 'whole numbers of atoms'),
    ],
)
def test_impossible_inputs_are_refused_at_the_port(prepare, inputs, message):
    """Nothing is submitted for a request that cannot be met."""
    given = {'method': orm.Str('random_symmetric'), 'request': REQUEST, 'seed': 1, **inputs}
    with pytest.raises(ValueError, match=message):
        prepare('propose', **given)

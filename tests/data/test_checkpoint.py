"""Tests of `aiida_crystalgen.data.checkpoint`."""

import hashlib
import io
import pickle
import subprocess
import sys

import numpy as np
import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError
from safetensors.numpy import save

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.convert import checkpoint_from_node, node_from_checkpoint
from aiida_crystalgen.science.checkpoint import write_checkpoint


def test_round_trip(aiida_profile, checkpoint):
    """What is stored is what is loaded, weights, settings and summary."""
    loaded = checkpoint_from_node(orm.load_node(node_from_checkpoint(checkpoint).store().pk))
    assert (loaded.method, loaded.settings) == (checkpoint.method, checkpoint.settings)
    assert loaded.summary == checkpoint.summary
    for name, array in checkpoint.weights.items():
        np.testing.assert_array_equal(loaded.weights[name], array)
        assert loaded.weights[name].dtype == array.dtype


def test_attributes_describe_the_model(aiida_profile, checkpoint):
    """What is worth a query is in the database, curves are not."""
    node = node_from_checkpoint(checkpoint).store()
    assert node.method == 'rdf_vae'
    assert node.number_of_weights == 17
    assert node.settings == {'latent': 2, 'width': 0.1}
    assert node.summary == {'crystals': 40, 'final_loss': 0.25}
    assert node.sha256 == hashlib.sha256(node.get_content(mode='rb')).hexdigest()


def test_reads_a_file(aiida_profile, checkpoint, tmp_path):
    """A checkpoint can be given as a path."""
    path = tmp_path / 'silicon.safetensors'
    path.write_bytes(write_checkpoint(checkpoint))
    assert CheckpointData(path).store().method == 'rdf_vae'


CONTENTS = {
    'pickle': (lambda whole: pickle.dumps({'weights': [1.0]}), 'is a Python pickle'),
    'archive of torch': (lambda whole: b'PK\x03\x04 archive', 'is a Python pickle'),
    'cut off in the weights': (lambda whole: whole[:-8], 'is truncated'),
    'cut off in the header': (lambda whole: whole[:40], 'cut off in its header'),
    'empty': (lambda whole: b'', 'no safetensors file'),
    'foreign': (lambda whole: save({'a': np.ones(2)}), 'was not written by aiida-crystalgen'),
    'text': (lambda whole: b'hello, this is no model', 'no safetensors file'),
}


@pytest.mark.parametrize('kind', CONTENTS)
def test_refuses_anything_else(aiida_profile, checkpoint, kind, tmp_path):
    """Pickles, cut-off and foreign files are refused with the file's name and the reason."""
    damage, message = CONTENTS[kind]
    path = tmp_path / 'weights.pt'
    path.write_bytes(damage(write_checkpoint(checkpoint)))
    with pytest.raises(ValueError, match=rf'weights\.pt .*{message}'):
        CheckpointData(path)


def test_refuses_text(aiida_profile):
    """A file that was opened as text is refused like any other that is no checkpoint."""
    with pytest.raises(ValueError, match='no safetensors file'):
        CheckpointData(io.StringIO('weights'))


def test_refuses_a_changed_file(aiida_profile, checkpoint):
    """A file that is not the one described by the attributes is never stored."""
    node = node_from_checkpoint(checkpoint)
    content = bytearray(node.get_content(mode='rb'))
    content[-1] ^= 1
    node.base.repository.put_object_from_filelike(io.BytesIO(content), node.filename)
    with pytest.raises(ValidationError, match='is not the file that the attributes describe'):
        node.store()


def test_importing_the_nodes_loads_nothing_heavy():
    """The daemon can load the node types without torch and its like."""
    heavy = {'torch', 'pyxtal', 'sevenn', 'matplotlib', 'pymatgen', 'safetensors'}
    code = (
        'import sys; import aiida_crystalgen.data.convert, aiida_crystalgen.data.groups; '
        f'print(*({heavy!r} & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ''

"""Tests of `aiida_crystalgen.science.checkpoint`."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from aiida_crystalgen.science.checkpoint import (
    Checkpoint,
    read_checkpoint,
    read_header,
    write_checkpoint,
)

WEIGHTS = {
    'layer.weight': np.arange(6, dtype=np.float32).reshape(2, 3),
    'layer.bias': np.array([-0.0, 1e-300]),
    'steps': np.array(7, dtype=np.int64),
    'nothing': np.zeros((0, 4), dtype=np.float32),
}


def make(**facts) -> Checkpoint:
    """Return a checkpoint with a summary of these facts."""
    return Checkpoint('rdf_vae', WEIGHTS, {'hidden': [50, 25], 'name': 'Å'}, facts)


def zip_of_a_pickle() -> bytes:
    """Return what torch.save writes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w') as archive:
        archive.writestr('archive/data.pkl', pickle.dumps(WEIGHTS))
    return content.getvalue()


def with_header(header: object, data: bytes = b'') -> bytes:
    """Return a file in the layout of safetensors with any JSON as its header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, 'little') + text + data


def test_what_is_written_is_read():
    """Weights keep name, shape, type and bits; settings and summary keep their content."""
    read = read_checkpoint(write_checkpoint(make(losses=[1.5, 0.25])))
    assert (read.method, read.settings) == ('rdf_vae', {'hidden': [50, 25], 'name': 'Å'})
    assert read.summary == {'losses': [1.5, 0.25]}
    assert set(read.weights) == set(WEIGHTS)
    for name, array in WEIGHTS.items():
        assert (read.weights[name].shape, read.weights[name].dtype) == (array.shape, array.dtype)
        assert read.weights[name].tobytes() == array.tobytes()


def test_header_is_read_without_weights():
    """The header holds everything but the weights."""
    header = read_header(write_checkpoint(make(epochs=3)))
    assert header['summary'] == {'epochs': 3}
    assert set(header) == {'format', 'method', 'settings', 'summary'}


def test_equal_checkpoints_are_equal_byte_for_byte():
    """Neither the order of keys nor the memory layout of the arrays matters."""
    turned = {name: np.array(WEIGHTS[name], order='F') for name in reversed(WEIGHTS)}
    first = write_checkpoint(make(a=1, b={'c': 2, 'd': 3}))
    other = Checkpoint('rdf_vae', turned, {'name': 'Å', 'hidden': [50, 25]})
    again = Checkpoint('rdf_vae', turned, other.settings, {'b': {'d': 3, 'c': 2}, 'a': 1})
    assert write_checkpoint(again) == first
    assert write_checkpoint(other) != first


def test_any_length_of_the_header_is_read():
    """A header whose length looks like the beginning of a pickle is none."""
    contents = [write_checkpoint(make(text=' ' * length)) for length in range(0, 512, 8)]
    assert any(content[:1] == b'\x80' for content in contents)
    lengths = [len(read_header(content)['summary']['text']) for content in contents]
    assert lengths == list(range(0, 512, 8))


@pytest.mark.parametrize(
    'content',
    [zip_of_a_pickle(), *(pickle.dumps(WEIGHTS, protocol) for protocol in range(2, 6))],
    ids=['torch', 'protocol-2', 'protocol-3', 'protocol-4', 'protocol-5'],
)
@pytest.mark.parametrize('read', [read_header, read_checkpoint])
def test_pickles_are_refused_unread(read, content):
    """A pickle is named as such, and what to do instead."""
    with pytest.raises(ValueError, match=r'weights\.pt is a Python pickle.*model export'):
        read(content, 'weights.pt')


@pytest.mark.parametrize('kept', [0, 1, 7, 8, 9, 100, -1])
def test_truncated_files_are_refused(kept):
    """Wherever a file is cut off, it is noticed."""
    content = write_checkpoint(make(epochs=3))
    with pytest.raises(ValueError, match=r'model is truncated|model .* cut off in its header'):
        read_checkpoint(content[:kept], 'model')


def test_appended_bytes_are_refused():
    """A file with something behind its weights is not the one that was written."""
    with pytest.raises(ValueError, match='too long'):
        read_checkpoint(write_checkpoint(make()) + b'\0')


def test_safetensors_of_other_programs_are_refused():
    """Weights alone do not tell what they belong to."""
    for content in (save(WEIGHTS), save(WEIGHTS, metadata={'format': 'pt'})):
        with pytest.raises(ValueError, match='was not written by aiida-crystalgen'):
            read_checkpoint(content)


@pytest.mark.parametrize(
    'header',
    [[], 'text', 7, {'a': 3}, {'a': {}}, {'a': {'data_offsets': ['x', 'y']}}, b'\xff{', b'[' * 9999]
    + [{'__metadata__': content} for content in (None, [], 'text')],
    ids=lambda header: repr(header)[:20],
)
def test_other_files_are_refused(header):
    """Whatever stands where the header should be, the message says that it is none."""
    with pytest.raises(ValueError, match='no safetensors file'):
        read_header(with_header(header))


@pytest.mark.parametrize('text', ['', '[]', '{}', '{"format": 1, "method": "rdf_vae"}', 7])
def test_damaged_headers_are_refused(text):
    """Our own header is there, but not whole."""
    with pytest.raises(ValueError, match='damaged header'):
        read_header(with_header({'__metadata__': {'aiida_crystalgen': text}}))


def test_later_formats_are_refused():
    """A file of a later version is not guessed at."""
    header = json.dumps({'format': 2})
    with pytest.raises(ValueError, match='format 2; this version reads 1'):
        read_header(with_header({'__metadata__': {'aiida_crystalgen': header}}))


@pytest.mark.parametrize('kind', ['BF16', 'X7'])
def test_damaged_weights_are_refused(kind):
    """Arrays of a type that numpy does not know cannot be ours."""
    content = write_checkpoint(Checkpoint('rdf_vae', {'a': np.zeros(1, np.float16)}, {}))
    length = int.from_bytes(content[:8], 'little')
    header = content[8 : 8 + length].replace(b'"F16"', f'"{kind}"'.encode())
    with pytest.raises(ValueError, match='damaged weights'):
        read_checkpoint(with_header(header, content[8 + length :]))


@pytest.mark.parametrize('number', [np.nan, np.inf])
def test_only_finite_facts_are_written(number):
    """JSON knows neither infinity nor what is not a number."""
    with pytest.raises(ValueError, match='JSON'):
        write_checkpoint(make(loss=number))

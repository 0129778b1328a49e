"""Tests of `aiida_crystalgen.science.determinism`."""

import pytest
import torch

from aiida_crystalgen.science.determinism import single_threaded


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    """Let torch use this many threads during a test."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_one_thread_inside_and_as_many_as_before_outside(threads):
    """The number of threads of the user is given back, however the blocks are nested."""
    with single_threaded():
        with single_threaded():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads


def test_threads_are_given_back_after_an_error(threads):
    """An exception inside the block changes nothing about that."""
    with pytest.raises(ValueError, match='inside'), single_threaded():
        raise ValueError('inside')
    assert torch.get_num_threads() == threads

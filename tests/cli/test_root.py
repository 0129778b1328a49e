"""The root command: help, version, lazy commands and errors as sentences."""

import errno
import subprocess
import sys

import click
import pytest
from aiida.common.exceptions import NotExistent, ProfileConfigurationError
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from aiida_crystalgen import __version__, cli
from aiida_crystalgen.cli.errors import Refusal, sentence, sentences


@pytest.fixture
def run():
    """Return a function that runs the root command with arguments."""
    return lambda *arguments: CliRunner().invoke(cli.crystalgen, arguments)


def test_help_names_every_command(run):
    """The help lists the commands with what they do."""
    output = run('--help').output
    assert all(name in output for name in cli.COMMANDS)


def test_version_is_that_of_the_package(run):
    """``--version`` prints the version of the package."""
    assert run('--version').output.split()[-1] == __version__


def commands(group, path=()):
    """Yield the path of every command below a group, itself included."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context) if isinstance(group, click.Group) else ():
        yield from commands(group.get_command(context, name), (*path, name))


@pytest.mark.parametrize('path', list(commands(cli.crystalgen)), ids=' '.join)
def test_every_command_describes_itself_with_an_example(run, path):
    """The help of each command, at any depth, shows how it is called."""
    result = run(*path, '--help')
    assert result.exit_code == 0, result.output
    example = ' '.join(('aiida-crystalgen', *path))
    described = [line for line in result.output.splitlines() if not line.startswith('Usage:')]
    assert any(line.strip().startswith(example) for line in described)


def test_help_waits_for_nothing_heavy():
    """The help is printed without importing AiiDA or torch."""
    code = (
        'import sys; from aiida_crystalgen.cli import crystalgen;'
        "crystalgen(['--help'], standalone_mode=False);"
        "sys.exit(len({'aiida', 'torch', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, '-c', code], check=True, capture_output=True)


def test_unknown_command_is_a_usage_error(run):
    """A command that does not exist ends with the status of a usage error."""
    result = run('phase')
    assert result.exit_code == 2
    assert "No such command 'phase'" in result.output


def test_unknown_profile_is_one_sentence(run):
    """A profile that does not exist ends in advice, without a traceback."""
    result = run('--profile', 'nowhere', 'setup')
    assert result.exit_code == 1
    assert 'nowhere' in result.stderr
    assert 'verdi presto' in result.stderr
    assert 'Traceback' not in result.output


def test_debug_shows_the_traceback(run):
    """With ``--debug`` the error itself comes through."""
    result = run('--debug', '--profile', 'nowhere', 'setup')
    assert isinstance(result.exception, ProfileConfigurationError)


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        (ValueError('volume is -1.0; it is positive.'), 'volume is -1.0; it is positive.'),
        (NotExistent('no node with pk 7'), 'no node with pk 7'),
        (FileNotFoundError(errno.ENOENT, 'No such file', 'a.yaml'), 'a.yaml: no such file.'),
        (OSError(errno.ENOSPC, 'No space left', 'x'), 'x: no space left. Free some space'),
        (OperationalError('', {}, Exception('database or disk is full')), 'Free some space'),
        (OperationalError('', {}, Exception('database is locked')), 'run the command again'),
        (ProfileConfigurationError('no profile\n{}'), 'no profile. List the profiles with'),
        (ValueError(), 'ValueError'),
    ],
)
def test_expected_error_becomes_its_sentence(error, said):
    """Errors that a user can cause keep their words, the file first, advice last."""
    assert said in sentence(error)
    with pytest.raises(Refusal), sentences(debug=False):
        raise error


@pytest.mark.parametrize('error', [KeyError('a bug'), BrokenPipeError(errno.EPIPE, 'pipe')])
def test_other_errors_come_through(error):
    """A bug keeps its traceback, and a closed pipe is left to click."""
    with pytest.raises(type(error)), sentences(debug=False):
        raise error


def test_the_same_tree_hangs_under_verdi():
    """``verdi data crystalgen`` is the same group of commands."""
    from aiida.cmdline.commands.cmd_verdi import verdi

    result = CliRunner().invoke(verdi, ['data', 'crystalgen', '--help'])
    assert result.exit_code == 0, result.output
    assert all(name in result.output for name in cli.COMMANDS)


def test_errors_are_sentences_under_verdi_too(monkeypatch, aiida_profile_clean):
    """An expected error under ``verdi data crystalgen`` is one sentence as well."""
    from aiida.cmdline.commands.cmd_verdi import verdi

    monkeypatch.setattr('aiida_crystalgen.cli.setup.EXECUTABLE', 'no-such-executable')
    result = CliRunner().invoke(verdi, ['data', 'crystalgen', 'setup'])
    assert result.exit_code == 1
    assert result.stderr.startswith('no-such-executable is not in')

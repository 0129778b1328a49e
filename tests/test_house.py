"""Laws that the whole package keeps, so that nobody has to remember them."""

import ast
import re
import subprocess
import sys
from importlib.metadata import distribution, requires
from pathlib import Path

import click
import pytest
import yaml
from aiida.engine import Process
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from plumpy import PortNamespace

import aiida_crystalgen
from aiida_crystalgen.cli import crystalgen

CHECKOUT = Path(__file__).parents[1]
PACKAGE = Path(aiida_crystalgen.__file__).parent
ENTRY_POINTS = distribution('aiida-crystalgen').entry_points
LOADED_BY_DAEMON = ('data', 'groups', 'calculations', 'parsers', 'workflows')
HEAVY = ('torch', 'pyxtal', 'sevenn', 'matplotlib')
MODULES = sorted(PACKAGE.rglob('*.py'))
TEXTS = sorted(
    file
    for pattern in ('*.md', '*.toml', '*.txt', '*.cff', '*/**/*.md', '*/**/*.sh', '*/**/*.yaml')
    for file in CHECKOUT.glob(pattern)
    if not any(part.startswith('.') for part in file.relative_to(CHECKOUT).parts)
)


def daemon_entry_points():
    """Return what AiiDA's daemon may load from this package."""
    groups = {f'aiida.{name}' for name in LOADED_BY_DAEMON}
    return [entry for entry in ENTRY_POINTS if entry.group in groups]


def processes():
    """Return all registered calculations and work chains."""
    loaded = [entry.load() for entry in daemon_entry_points()]
    return [one for one in loaded if isinstance(one, type) and issubclass(one, Process)]


def ports(namespace, path=''):
    """Return the path and the port of everything below a namespace."""
    for name, port in namespace.items():
        yield f'{path}{name}', port
        if isinstance(port, PortNamespace):
            yield from ports(port, f'{path}{name}.')


def name_of(value):
    """Return a readable id of a parameter."""
    return getattr(value, 'stem', None) or getattr(value, '__name__', None) or str(value)


@pytest.mark.parametrize('entry', ENTRY_POINTS, ids=lambda entry: f'{entry.group}:{entry.name}')
def test_entry_points_load(entry):
    """What the metadata names is there, save what needs an extra that is not installed."""
    if entry.name == 'chgnet':
        pytest.importorskip('chgnet')
    assert entry.load() is not None


def test_daemon_loads_nothing_heavy():
    """Importing what the daemon loads imports no torch, PyXtal, SevenNet or matplotlib."""
    modules = sorted({entry.module for entry in daemon_entry_points()})
    code = f'import sys, {", ".join(modules)}; print(*(set(sys.modules) & set({HEAVY!r})))'
    result = subprocess.run(
        [sys.executable, '-c', code], check=True, capture_output=True, text=True
    )
    assert result.stdout.split() == []


@pytest.mark.parametrize('process', processes(), ids=name_of)
def test_exit_statuses_are_unique(process):
    """No two exit codes of a process share a status."""
    statuses = [code.status for code in process.spec().exit_codes.values()]
    assert len(statuses) == len(set(statuses))


@pytest.mark.parametrize('process', processes(), ids=name_of)
def test_exit_messages_are_sentences(process):
    """Every exit message ends with a full stop, unless it is all in the hands of who exits."""
    messages = {code.message for code in process.spec().exit_codes.values()} - {'{message}'}
    assert [message for message in messages if not message.endswith('.')] == []


@pytest.mark.parametrize('side', ['inputs', 'outputs'])
@pytest.mark.parametrize('process', processes(), ids=name_of)
def test_every_port_has_help(process, side):
    """Every port of a process says what it is."""
    found = ports(getattr(process.spec(), side))
    assert [
        path for path, port in found if not port.help and not isinstance(port, PortNamespace)
    ] == []


@pytest.mark.parametrize('module', MODULES, ids=name_of)
def test_modules_are_short(module):
    """A module has 400 lines at most, a function 40 of body, one that defines ports 80."""
    text = module.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= (80 if node.name.lstrip('_').startswith('define') else 40), node.name


@pytest.mark.parametrize('module', MODULES, ids=name_of)
def test_modules_declare_their_public_names(module):
    """Every module that defines a public name has a docstring and a tuple `__all__`."""
    tree = ast.parse(module.read_text())
    named = (ast.FunctionDef, ast.ClassDef)
    public = [one for one in tree.body if isinstance(one, named) and one.name[0] != '_']
    declared = [
        one.value
        for one in tree.body
        if isinstance(one, ast.Assign) and getattr(one.targets[0], 'id', '') == '__all__'
    ]
    assert ast.get_docstring(tree)
    assert not public or isinstance(declared[0], ast.Tuple)


@pytest.mark.parametrize('text', TEXTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_text_names_a_path_of_one_machine(text):
    """Nothing that is read names a folder that only its author has."""
    assert re.findall(r'(?<![\w.}])/(?:root|home|work|Users)/\w+', text.read_text()) == []


def commands_in(text):
    """Return the calls of the command line in a text, as words up to the first that is no word."""
    text = text.replace('\\\n', ' ').replace('"$profile" ', 'NAME ')
    for line in re.findall(r'aiida-crystalgen((?: [^\s`;|)]+)+)', text):
        words = line.split()
        while words and words[0].startswith('-'):
            words = words[2:] if words[0] in {'-p', '--profile'} else words[1:]
        if words and re.fullmatch('[a-z]+', words[0]):
            yield words


GUIDES = [file for file in TEXTS if file.suffix in {'.md', '.sh', '.yaml'}]


@pytest.mark.parametrize('text', GUIDES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_guides_name_commands_that_exist(text):
    """Commands and options that a guide names are those of the command line."""
    for words in commands_in(text.read_text()):
        command, depth = crystalgen, 0
        while isinstance(command, click.Group) and depth < len(words):
            command = command.get_command(click.Context(command), words[depth])
            assert command is not None, words
            depth += 1
        options = {option for parameter in command.params for option in parameter.opts}
        named = {word.split('=')[0] for word in words if re.match('--?[a-z]', word)}
        assert named <= options | {'--help', '-h'}, (command.name, words)


def test_constraints_pin_every_requirement_within_its_range():
    """The tested set names each direct dependency, in a version that its range admits."""
    lines = (CHECKOUT / 'constraints.txt').read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line and line[0] != '#']
    versions = {canonicalize_name(one.name): str(one.specifier)[2:] for one in pinned}
    for text in requires('aiida-crystalgen'):
        wanted = Requirement(text)
        version = versions[canonicalize_name(wanted.name)]
        assert '+' not in version, f'{wanted.name} has a local label, which no index serves'
        assert wanted.specifier.contains(version), text


def test_citation_names_the_version():
    """The version in CITATION.cff is that of the package."""
    citation = yaml.safe_load((CHECKOUT / 'CITATION.cff').read_text())
    assert citation['version'] == aiida_crystalgen.__version__


def test_reference_lists_every_entry_point():
    """The reference names each entry point of AiiDA and of the package itself."""
    reference = (CHECKOUT / 'docs' / 'reference' / 'entry_points.md').read_text()
    described = [entry for entry in ENTRY_POINTS if entry.group != 'console_scripts']
    assert [entry.name for entry in described if f'`{entry.name}`' not in reference] == []

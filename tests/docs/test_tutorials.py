"""The tutorials are executed from first to last block, in an AiiDA instance of their own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# Executes one block a line, and answers with what it printed and whether it came through.
INTERPRETER = """
import contextlib, io, json, sys, traceback
names = {'__name__': '__main__'}
for line in sys.stdin:
    printed, came_through = io.StringIO(), True
    with contextlib.redirect_stdout(printed):
        try:
            exec(json.loads(line), names)
        except Exception:
            traceback.print_exc(file=printed)
            came_through = False
    print(json.dumps([came_through, printed.getvalue()]), flush=True)
"""


class Reader:
    """Someone who does what a tutorial says.

    :param folder: to work in, with the AiiDA instance.
    """

    def __init__(self, folder):
        self.folder = folder
        (folder / '.aiida').mkdir()
        programs = Path(sys.executable).parent
        self.environment = {
            **os.environ,
            'AIIDA_PATH': str(folder),
            'PATH': f'{programs}{os.pathsep}{os.environ["PATH"]}',
            'OMP_NUM_THREADS': '1',
            'COLUMNS': '200',
        }
        self.interpreter = None
        self.printed = ''

    def follow(self, block):
        """Do what a block says, and compare what is printed with what it shows."""
        if block.caption:
            (self.folder / block.caption).write_text(block.text)
        elif block.language == 'console':
            for command, shown in commands(block.text):
                self.printed = self.run(command)
                compare(shown, self.printed, command)
        elif block.language == 'python':
            self.printed = self.execute(block.text)
        elif block.language == 'text':
            compare(block.text, self.printed, 'the block before')

    def run(self, command):
        """Return what a command prints."""
        done = subprocess.run(
            ['/bin/bash', '-c', command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f'$ {command}\n{done.stdout}'
        return done.stdout

    def execute(self, code):
        """Return what a block of Python prints; the names of the blocks before are there."""
        if self.interpreter is None:
            self.interpreter = subprocess.Popen(
                [sys.executable, '-c', INTERPRETER],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.interpreter.stdin.write(f'{json.dumps(code)}\n')
        self.interpreter.stdin.flush()
        came_through, printed = json.loads(self.interpreter.stdout.readline())
        assert came_through, f'{code}\n{printed}'
        return printed

    def leave(self):
        """End what is still running."""
        if self.interpreter is not None:
            self.interpreter.communicate()
        self.run('verdi daemon stop || true')


def commands(text):
    """Return the commands of a console block, each with what it prints according to the page."""
    parts = re.split(r'^\$ ', text.replace('\\\n', ' '), flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (one.partition('\n') for one in parts)]


def compare(shown, printed, what):
    """Compare what a page shows with what was printed, whatever the spaces; … is anything."""
    pieces = [' '.join(piece.split()) for piece in shown.split('…')]
    pattern = '.*'.join(re.escape(piece) for piece in pieces)
    assert re.search(pattern, ' '.join(printed.split())), f'{what}:\n{printed}\nnot\n{shown}'


@pytest.fixture
def reader(tmp_path):
    """Return a reader with an empty folder."""
    one = Reader(tmp_path)
    yield one
    one.leave()


@pytest.mark.slow
@pytest.mark.parametrize('pages', [('silicon', 'provenance'), ('alloy',)], ids='-'.join)
def test_tutorials_do_what_they_say(reader, blocks, pages):
    """Every block of a tutorial works after those before it, and prints what the page shows."""
    for page in pages:
        for block in blocks(f'tutorials/{page}.md'):
            reader.follow(block)

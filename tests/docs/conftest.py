"""Pages of the documentation, cut into the blocks that can be executed."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / 'docs'
FENCE = re.compile(r'^```(?:\{code-block\} )?(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r':caption: (\S+)\n\n?')


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    :param caption: name of the file that it is the content of, empty if it is none.
    """

    language: str
    caption: str
    text: str


def read_blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    found = FENCE.findall((DOCS / page).read_text())
    blocks = []
    for language, text in found:
        caption = CAPTION.match(text)
        body = text[caption.end() :] if caption else text
        blocks.append(Block(language, caption[1] if caption else '', body))
    return blocks


@pytest.fixture(scope='session')
def blocks():
    """Return a function that cuts a page of the documentation into its blocks."""
    return read_blocks

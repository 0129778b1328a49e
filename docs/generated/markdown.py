"""Markdown from values and docstrings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ('code', 'definition', 'prose', 'table')


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table, none without rows."""
    yield ''
    rules = tuple('---' for _ in headings)
    for row in (headings, rules, *rows) if rows else ():
        cells = (' '.join(cell.split()).replace('|', r'\|') for cell in row)
        yield f'| {" | ".join(cells)} |'
    yield ''


def definition(term: str, facts: list[str], text: str) -> Iterator[str]:
    """Yield a key with the facts about it, and below it what it is."""
    yield ' · '.join([f'`{term}`', *(fact for fact in facts if fact)])
    yield f': {text or "–"}\n'


def code(value: Any) -> str:
    """Return a value as code, or dots if it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return f'`{text}`' if len(text) < 60 else '…'


def prose(text: str) -> str:
    """Return the text of a docstring, a help or a comment as Markdown."""
    parts = re.split(r'(`[^`]*`)', text.replace('``', '`'))
    return ''.join(
        re.sub(r'`(?:~?\w+\.)+(\w+)`', r'`\1`', part)
        if part.startswith('`')
        else re.sub(r'([_*<$\[\]])', r'\\\1', part)
        for part in parts
    )

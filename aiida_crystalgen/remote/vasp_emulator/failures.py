"""The failures of VASP that the emulator plays when it is told to.

Rules stand in an environment variable, or in the tag SYSTEM of INCAR behind the word ``fail:``. A
rule is the name of a failure and conditions, separated by commas; several rules by bars, of which
the first that applies is played::

    crash, atoms=2 | electronic, ALGO=Normal | wall-time, label=Si-7, first=1

``atoms`` is the number of atoms, ``label`` a part of the first line of POSCAR, a name in capital
letters a tag of INCAR; ``first=n`` means the first n runs to which the rest of the rule applies.
They are counted by files in a folder that another variable names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from aiida_crystalgen.remote.vasp_emulator.inputs import Inputs
from aiida_crystalgen.science.settings import closest

__all__ = ('FAIL', 'MEMORY', 'Failure', 'choose_failure', 'spoil_files')

FAIL: Final = 'CRYSTALGEN_EMULATOR_FAIL'
MEMORY: Final = 'CRYSTALGEN_EMULATOR_MEMORY'

Failure = Literal[
    'wall-time',
    'electronic',
    'ionic',
    'truncated-xml',
    'crash',
    'missing-contcar',
    'unreadable-contcar',
]


@dataclass(frozen=True)
class _Rule:
    """When a failure is played.

    :param text: as it was written.
    :param conditions: values by their names, save ``first``.
    :param first: number of runs, 0 for all.
    """

    text: str
    failure: Failure
    conditions: Mapping[str, str]
    first: int


def choose_failure(inputs: Inputs, environment: Mapping[str, str]) -> Failure | None:
    """Return the failure that this run is to play, None if it is to go well.

    :raises ValueError: if a rule is not understood.
    """
    in_system = inputs.incar.system.partition('fail:')[2]
    texts = [*environment.get(FAIL, '').split('|'), *in_system.split('|')]
    rules = [_read_rule(text.strip()) for text in texts if text.strip()]
    for rule in rules:
        if _applies(rule, inputs) and _is_among_first(rule, environment):
            return rule.failure
    return None


def spoil_files(failure: Failure | None, folder: Path) -> None:
    """Do to the files of a finished run what the failure does to them."""
    if failure == 'missing-contcar':
        (folder / 'CONTCAR').unlink()
    if failure == 'unreadable-contcar':
        (folder / 'CONTCAR').write_text('\x00' * 64, encoding='utf-8')
    if failure == 'truncated-xml':
        path = folder / 'vasprun.xml'
        text = path.read_text(encoding='utf-8')
        path.write_text(text[: text.rindex('<varray name="forces"') + 60], encoding='utf-8')


def _read_rule(text: str) -> _Rule:
    """Return the rule that a text states."""
    name, *words = (word.strip() for word in text.split(','))
    known = list(get_args(Failure))
    if name not in known:
        raise ValueError(f"unknown failure '{name}'. {closest(name, known)}")
    pairs = [re.fullmatch(r'(\w+)\s*=\s*(.+)', word) for word in words]
    if not all(pairs):
        raise ValueError(f"'{text}' has a condition that is not of the form name=value")
    conditions = {pair.group(1): pair.group(2) for pair in pairs if pair}
    first = conditions.pop('first', '0')
    counts = [first, conditions.get('atoms', '0')]
    unknown = [key for key in conditions if key not in {'atoms', 'label'} and not key.isupper()]
    if unknown or not all(count.isdecimal() for count in counts):
        raise ValueError(
            f"'{text}' is not understood: conditions are atoms=number, label=text, first=number "
            'and TAG=value of INCAR'
        )
    return _Rule(text, name, conditions, int(first))  # type: ignore[arg-type]


def _applies(rule: _Rule, inputs: Inputs) -> bool:
    """Return whether the conditions of a rule hold, save ``first``."""
    facts = {key: inputs.incar.tags.get(key, '') for key in rule.conditions if key.isupper()}
    facts['atoms'] = str(sum(inputs.poscar.amounts))
    return all(
        value in inputs.poscar.comment
        if key == 'label'
        else facts[key].casefold() == value.casefold()
        for key, value in rule.conditions.items()
    )


def _is_among_first(rule: _Rule, environment: Mapping[str, str]) -> bool:
    """Return whether this run is one of the first, and count it.

    A file that was there before belongs to another run, whichever of them run at the same time.
    """
    if rule.first == 0:
        return True
    if MEMORY not in environment:
        raise ValueError(f"'{rule.text}' counts runs; name a folder for that in {MEMORY}")
    folder = Path(environment[MEMORY])
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(rule.text.encode()).hexdigest()[:16]
    for number in range(rule.first):
        try:
            (folder / f'{name}-{number}').touch(exist_ok=False)
        except FileExistsError:
            continue
        return True
    return False

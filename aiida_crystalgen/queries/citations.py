"""What to cite with the results of a search: the methods and codes that took part in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from aiida import orm
from pydantic import Field

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.shipped import SHIPPED
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.graph import graph_of_search, values_of_nodes
from aiida_crystalgen.queries.searches import searches
from aiida_crystalgen.report.contents import Citation
from aiida_crystalgen.science.engines import is_emulated
from aiida_crystalgen.science.settings import Settings

__all__ = ('Publication', 'citations', 'names_of_search', 'publications')

_DFT = {'quantumespresso', 'vasp'}
_OTHERS = 'others'  # that BibTeX knows too


class Publication(Settings):
    """An article, or a program without one.

    :param key: of its BibTeX entry.
    :param cited_for: names of what it has to be cited for; 'always' for every search.
    :param authors: initials before the name; 'others' stands for those not named.
    :param pages: first and last, or the number of the article.
    :param doi: without a resolver.
    """

    key: str
    cited_for: tuple[str, ...] = Field(alias='for')
    authors: tuple[str, ...]
    title: str
    journal: str = ''
    volume: int | None = None
    pages: str = ''
    year: int | None = None
    doi: str = ''
    url: str = ''

    @property
    def text(self) -> str:
        """The reference as a sentence, without the DOI."""
        names = [name for name in self.authors if name != _OTHERS]
        if len(names) < len(self.authors):
            authors = f'{", ".join(names)} et al.'
        else:
            authors = ' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))
        where = ' '.join(str(part) for part in (self.journal, self.volume or '') if part)
        pages = self.pages.replace('-', '–')
        place = ', '.join(filter(None, (authors, self.title, where, pages, self.url)))
        return f'{place} ({self.year}).' if self.year else f'{place}.'

    @property
    def bibtex(self) -> str:
        """The reference as a BibTeX entry."""
        fields = {
            # Braces keep a name of several persons in one piece, and the capitals of a title.
            'author': ' and '.join(
                f'{{{name}}}' if name.startswith('The ') else name for name in self.authors
            ),
            'title': f'{{{self.title}}}',
            'journal': self.journal,
            'volume': str(self.volume or ''),
            'pages': self.pages.replace('-', '--'),
            'year': str(self.year or ''),
            'doi': self.doi,
            'url': self.url,
        }
        kind = 'article' if self.journal else 'misc'
        lines = [f'  {name} = {{{value}}},\n' for name, value in fields.items() if value]
        return f'@{kind}{{{self.key},\n{"".join(lines)}}}'


def citations(names: Iterable[str]) -> tuple[Citation, ...]:
    """Return what a report of results lists that these methods and packages took part in."""
    return tuple(Citation(one.text, one.doi) for one in publications(names))


def publications(names: Iterable[str]) -> tuple[Publication, ...]:
    """Return what to cite with results that these methods and packages took part in.

    :param names: of generators, potentials, packages, functionals, sources of known crystals,
        processes and minimisers, architectures of models, and labels of shipped ones, as
        `names_of_search` has them.
    """
    wanted = {'always', *names}
    return tuple(one for one in _publications() if wanted.intersection(one.cited_for))


def names_of_search(search: int) -> frozenset[str]:
    """Return the names of all that took part in a search, or in what it was given.

    :param search: its PK.
    """
    graph = graph_of_search(search)
    names = set(searches(search)[0].generators.values())
    for label in values_of_nodes(graph, orm.ProcessNode, ['attributes.process_label']):
        names.update(filter(None, label))
    for (minimizer,) in values_of_nodes(graph, orm.Dict, ['attributes.minimizer']):
        names.update([minimizer] if isinstance(minimizer, str) else [])
    models = ['label', 'attributes.settings.architecture']
    for label, architecture in values_of_nodes(graph, CheckpointData, models):
        names.update([architecture] if architecture else [])
        # Any other label is a user's own, who may call a model after a program.
        names.update([label] if label.endswith(f'-{SHIPPED}') else [])
    facts = ['attributes.metadata.engine', 'attributes.metadata.source.kind']
    for engine, kind in values_of_nodes(graph, StructureSetData, facts):
        names.update([kind] if kind else [])
        names.update(_names_of_engine(engine or {}))
    return frozenset(names)


def _names_of_engine(engine: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of what gave energies; those of an emulator are not the program's."""
    package, functional = engine.get('package', ''), engine.get('functional', '')
    yield package
    if is_emulated(engine):
        yield functional
    else:
        yield engine.get('name', '')
    if package in _DFT:
        yield from re.split('[ +]+', functional)
        family = (engine.get('settings') or {}).get('pseudo_family') or ''
        yield family.split('/')[0]


@cache
def _publications() -> tuple[Publication, ...]:
    """Return all publications there are."""
    text = files('aiida_crystalgen.queries').joinpath('publications.yaml').read_text('utf-8')
    return tuple(
        Publication.parse({'key': key, **entry}, where=key)
        for key, entry in yaml.safe_load(text).items()
    )

"""Groups of nodes: a dataset is a named set of structures, phases are what searches found."""

from __future__ import annotations

from typing import Any

from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('DatasetGroup', 'PhaseGroup', 'add_dataset', 'load_dataset', 'refuse_taken_label')


class DatasetGroup(orm.Group):
    """A dataset: the label of the group names the one `StructureSetData` that it holds.

    AiiDA keeps the labels of one kind of group unique, so a name never means two datasets.
    """


class PhaseGroup(orm.Group):
    """Phases: the structures and records that searches ended with."""


def add_dataset(node: StructureSetData, label: str, description: str = '') -> StructureSetData:
    """Return the node, stored, and known as a dataset from now on.

    :raises ValueError: if the label is taken, or would be read as a number.
    """
    refuse_taken_label(label)
    node.label = label
    node.description = description
    with node.backend.transaction():
        node.store()
        DatasetGroup(label=label, description=description).store().add_nodes(node)
    return node


def refuse_taken_label(label: str) -> None:
    """Raise unless a new dataset can have this label.

    :raises ValueError: if the label is taken, or would be read as a number.
    """
    if not label.strip() or label.isdigit():
        raise ValueError(f"'{label}' cannot name a dataset; choose a label with a letter in it")
    if label in _known_labels():
        raise ValueError(
            f"there is a dataset '{label}' already; choose another label, or remove that one with "
            f'`verdi group delete {label}`'
        )


def load_dataset(identifier: str | int) -> StructureSetData:
    """Return the set of structures that a dataset label, a PK or a UUID stands for.

    :param identifier: any `StructureSetData` can be named by PK or UUID, a dataset or not; the
        first eight characters of a UUID are enough.
    :raises ValueError: if there is none; the message lists the datasets that there are.
    """
    text = str(identifier)
    query = orm.QueryBuilder()
    query.append(DatasetGroup, filters={'label': text}, tag='dataset')
    query.append(StructureSetData, with_group='dataset')
    found = query.all(flat=True) or _find_nodes(text)
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ', '.join(str(node.pk) for node in found)
        raise ValueError(f"'{text}' stands for the sets {numbers}; choose one by its number")
    known = _known_labels()
    raise ValueError(
        f"there is no dataset '{text}'. "
        + (f'Known: {", ".join(known)}.' if known else 'Make one with `dataset import`.')
    )


def _find_nodes(text: str) -> list[StructureSetData]:
    """Return the sets of structures of this PK, or with a UUID that starts like this."""
    filters: dict[str, Any]
    if text.isdigit():
        filters = {'id': int(text)}
    elif len(text) >= 8 and not set(text) - set('0123456789abcdef-'):
        filters = {'uuid': {'like': f'{text}%'}}
    else:
        return []
    return orm.QueryBuilder().append(StructureSetData, filters=filters).all(flat=True)


def _known_labels() -> list[str]:
    """Return the labels of all datasets, in alphabetical order."""
    return sorted(orm.QueryBuilder().append(DatasetGroup, project='label').all(flat=True))

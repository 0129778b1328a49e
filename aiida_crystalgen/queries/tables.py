"""Answers in rows that pandas can take over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

__all__ = ('Table',)

Row = TypeVar('Row')


class Table(tuple[Row, ...]):
    """Rows of one kind in order."""

    _kind: Any

    def __new__(cls, rows: Iterable[Row], kind: type[Row]) -> Table[Row]:
        """Return a table of these rows, which may be none.

        :param kind: dataclass of the rows.
        """
        table = super().__new__(cls, rows)
        table._kind = kind
        return table

    def to_dataframe(self) -> pd.DataFrame:
        """Return the table for pandas, one column a field."""
        import pandas as pd

        names = [one.name for one in fields(self._kind)]
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self], columns=names)

"""Whether a column is one of many values, asked with one parameter, however many there are.

``column IN (a, b, c, ...)`` is another statement for each number of values: SQLAlchemy writes it
anew, the driver reads it anew, and PostgreSQL plans it anew. In a batch that costs more than the
rows. One array is one parameter of one statement.
"""

import json
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Dialect, Text, Uuid, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import QueryableAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Many(TypeDecorator[Collection[Any]]):
    """Values of one type: an array for PostgreSQL, a JSON list for SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has arrays of every type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(self.of))
        return dialect.type_descriptor(Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """UUIDs, which nearly all are, go to PostgreSQL as the text of an array: of values one by
        one the driver makes the same, and takes five times as long."""
        if dialect.name == "postgresql":
            return _uuids if isinstance(self.of, Uuid) else super().bind_processor(dialect)
        convert = self.of.dialect_impl(dialect).bind_processor(dialect)
        return lambda values: json.dumps([convert(one) if convert else one for one in values])


def _uuids(values: Collection[UUID]) -> str:
    return f"{{{','.join([one.hex for one in values])}}}"


class _Among(ColumnElement[bool]):
    """The condition; each database has its own way to write it."""

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own form
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> None:
        self.column = column
        self.values = values

    def self_group(self, against: Any = None) -> "_Among":
        """A condition as it is: SQLite, which has no booleans, need not compare it with 1."""
        return self


def among(
    column: ColumnElement[Any] | QueryableAttribute[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Whether ``column`` is one of ``values``; nothing is among none."""
    plain = column.__clause_element__() if isinstance(column, QueryableAttribute) else column
    return _Among(plain, bindparam(None, list(values), type_=_Many(plain.type), unique=True))


@compiles(_Among)
def _as_json(element: _Among, compiler: SQLCompiler, **rest: Any) -> str:
    column, values = compiler.process(element.column, **rest), compiler.process(element.values)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - no text of others


@compiles(_Among, "postgresql")
def _as_array(element: _Among, compiler: SQLCompiler, **rest: Any) -> str:
    column, values = compiler.process(element.column, **rest), compiler.process(element.values)
    return f"{column} = ANY ({values})"

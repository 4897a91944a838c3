"""The declarative base: names for every constraint, so that migrations can speak of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Every table of Outreach."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {UUID: Uuid(), dict[str, Any]: Json, list[str]: Json}  # noqa: RUF012

    def __init__(self, **values: Any) -> None:
        """A new row. Nothing in it has a history yet, so each value is put in as it is: to tell
        SQLAlchemy of each would take longer than all else that is done to make a row."""
        unknown = values.keys() - type(self).__mapper__.column_attrs.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no column {', '.join(sorted(unknown))}.")
        vars(self).update(values)

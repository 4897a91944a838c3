"""Alembic's entry: runs inside a connection that ``migrate`` or ``check_migrations`` opened."""

from typing import Any, Literal

from alembic import context

from outreach.storage.models import Base
from outreach.storage.models.base import Json
from outreach.storage.types import Sealed, UtcInstant


def plain_types(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """A migration names plain column types: it must not change when our own types do."""
    if kind == "type" and isinstance(item, Sealed):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(item, UtcInstant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and item is Json:
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=plain_types,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

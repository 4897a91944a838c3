"""Advisory locks: what a unit holds until it ends, so that others who want the same wait."""

from collections.abc import Iterable

from sqlalchemy import BigInteger, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session


def hold(session: Session, keys: Iterable[int], *, shared: bool = False) -> None:
    """Holds all of ``keys`` (signed, 64 bits) in one statement, alone or together with others.

    Sorted, so that two units that want the same keys never wait for each other. PostgreSQL only:
    a write unit of SQLite is alone anyway.
    """
    wanted = sorted(set(keys))
    if not wanted or session.get_bind().dialect.name != "postgresql":
        return
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    each = func.unnest(literal(wanted, ARRAY(BigInteger))).column_valued("key")
    session.execute(select(lock(each)))

"""Which exceptions mean that one row is at fault, so that it can be set aside and the rest go on.

A closed list and not ``Exception``: a task's time limit, for one, is an exception as well, and
it must end the task instead of putting the row it happened to meet into quarantine.
"""

from sqlalchemy.exc import SQLAlchemyError

from outreach.domain.errors import OutreachError

ROW_AT_FAULT: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OutreachError,
    RuntimeError,
    SQLAlchemyError,
    TypeError,
    ValueError,
)
"""Catch ``Unavailable`` before these: it is the database's fault, and the row is tried again.

A unit of work turns what the database calls operational (locks, deadlocks, lost connections,
serialization) into ``Unavailable``, so what is left of ``SQLAlchemyError`` comes from the row.
"""

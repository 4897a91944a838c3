"""Very many rows, made by the database itself from one: a million in less than a minute."""

from sqlalchemy import Engine, text


def insert(engine: Engine, statement: str) -> None:
    """Runs an ``INSERT ... SELECT``; PostgreSQL checks no foreign key meanwhile."""
    with engine.begin() as connection:
        if _is_postgresql(engine):
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))


def new_id(engine: Engine) -> str:
    """SQL for a random identifier."""
    return "gen_random_uuid()" if _is_postgresql(engine) else "lower(hex(randomblob(16)))"


def numbers(engine: Engine, first: int, last: int) -> str:
    """SQL for a table ``numbers`` whose one column ``n`` counts from ``first`` to ``last``."""
    if _is_postgresql(engine):
        return f"generate_series({first}, {last}) AS numbers(n)"
    return (
        f"(WITH RECURSIVE count(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM count"  # noqa: S608
        f" WHERE n < {last}) SELECT n FROM count) AS numbers"
    )


def later(engine: Engine, column: str, seconds: str) -> str:
    """SQL for a time so many ``seconds`` (an expression) after a column's."""
    if _is_postgresql(engine):
        return f"{column} + ({seconds}) * interval '1 second'"
    return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, ({seconds}) || ' seconds')"


def _is_postgresql(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"

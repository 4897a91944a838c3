"""The sandbox's SQLite file: one thread, and one commit for all that waits.

``run`` returns only after its work is on the disk, so what the carrier accepted survives it.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_Work = Callable[[sqlite3.Connection], Any]
_Waiting = tuple[_Work, "asyncio.Future[Any]"]
_BATCH = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL UNIQUE, origin TEXT NOT NULL,
    channel TEXT NOT NULL, patient TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    body TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL, shown_at TEXT NOT NULL,
    subject TEXT NOT NULL, html TEXT NOT NULL, service TEXT, segments INTEGER NOT NULL,
    callback TEXT NOT NULL, validity INTEGER NOT NULL, reference TEXT NOT NULL,
    error_code INTEGER, sent_at TEXT, updated_at TEXT, redacted INTEGER NOT NULL,
    deleted INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS message_patient ON message (patient, seq);
CREATE INDEX IF NOT EXISTS message_recipient ON message (recipient, seq);
CREATE TABLE IF NOT EXISTS opted_out (phone TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS patient (
    phone TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS rule (
    id INTEGER PRIMARY KEY, phone TEXT NOT NULL, contains TEXT NOT NULL, body TEXT NOT NULL,
    after_seconds REAL NOT NULL, fired INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS media (
    sid TEXT PRIMARY KEY, message TEXT NOT NULL, kind TEXT NOT NULL, content BLOB NOT NULL
) WITHOUT ROWID;
"""


class Journal:
    """Runs functions over the one connection, in the order in which they were asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="sandbox-journal", daemon=True)

    async def open(self) -> None:
        """Creates the file and its tables when they are missing.

        Raises:
            sqlite3.Error: the file cannot be opened or written.
        """
        self._thread.start()
        await self.run(lambda _: None)

    async def close(self) -> None:
        """Finishes what waits, then closes the file."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``work``, once it is durable. What it raises undoes its own writes."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((work, future))
        return await future

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        while (first := self._queue.get()) is not None:
            batch, more = self._batch(first)
            try:
                connection = connection or self._connect()
                outcomes = _commit(connection, batch)
            except sqlite3.Error as error:
                outcomes = [(future, None, error) for _, future in batch]
            batch[0][1].get_loop().call_soon_threadsafe(_settle, outcomes)
            if not more:
                break
        if connection is not None:
            connection.close()

    def _batch(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        batch = [first]
        while len(batch) < _BATCH and not self._queue.empty():
            item = self._queue.get()
            if item is None:
                return batch, False
            batch.append(item)
        return batch, True

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=15)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_SCHEMA)
        return connection


_Outcome = tuple["asyncio.Future[Any]", Any, Exception | None]


def _commit(connection: sqlite3.Connection, batch: list[_Waiting]) -> list[_Outcome]:
    outcomes: list[_Outcome] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for work, future in batch:
            connection.execute("SAVEPOINT work")
            try:
                outcomes.append((future, work(connection), None))
            except Exception as error:  # noqa: BLE001  handed to whoever asked for the work
                connection.execute("ROLLBACK TO work")
                outcomes.append((future, None, error))
            connection.execute("RELEASE work")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _settle(outcomes: list[_Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue  # its client went away
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

"""The carrier's independent record: what it accepted, in order, whatever the app believes."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from outreach.sandbox.journal import Journal
from outreach.sandbox.message import FINAL, Message, Origin

_COLUMNS = (
    "sid", "origin", "channel", "patient", "sender", "recipient", "body", "status",
    "created_at", "shown_at", "subject", "html", "service", "segments", "callback", "validity",
    "reference", "error_code", "sent_at", "updated_at", "redacted", "deleted",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO message ({', '.join(_COLUMNS)}) "  # noqa: S608  names of this module
    f"VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_TIMES = frozenset({"created_at", "shown_at", "sent_at", "updated_at"})
_UNFINISHED = tuple(sorted({"accepted", "queued", "sending", "sent"}))


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Filters of Twilio's list call; dates are whole days in UTC and pass over unsent texts."""

    to: str | None = None
    sender: str | None = None
    sent_from: date | None = None
    """On or after."""
    sent_until: date | None = None
    """On or before."""
    before_seq: int | None = None
    """Only what came earlier: the page token."""
    limit: int = 50


class Record:
    """Every query of the sandbox. Writes are durable when they return."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def add(self, messages: Sequence[Message]) -> None:
        """Keeps them, in this order, and sets ``seq``."""
        rows = [_row(message) for message in messages]

        def work(db: sqlite3.Connection) -> list[int]:
            return [int(db.execute(_INSERT, row).lastrowid or 0) for row in rows]

        for message, seq in zip(messages, await self._journal.run(work), strict=True):
            message.seq = seq

    async def advance(
        self, sid: str, status: str, at: datetime, error_code: int | None = None
    ) -> bool:
        """The next state of a message; False when it is finished or gone."""
        sent = at.isoformat() if status == "sent" else None
        finals = ", ".join("?" * len(FINAL))
        statement = (
            "UPDATE message SET status = ?, error_code = ?, updated_at = ?, "  # noqa: S608
            f"sent_at = coalesce(sent_at, ?) WHERE sid = ? AND status NOT IN ({finals})"
        )
        values = (status, error_code, at.isoformat(), sent, sid, *FINAL)
        return await self._journal.run(lambda db: db.execute(statement, values).rowcount == 1)

    async def mark(self, sid: str, column: str) -> None:
        """Sets ``redacted`` or ``deleted``. The record itself keeps the text."""
        statement = {
            "redacted": "UPDATE message SET redacted = 1 WHERE sid = ?",
            "deleted": "UPDATE message SET deleted = 1 WHERE sid = ?",
        }[column]
        await self._journal.run(lambda db: db.execute(statement, (sid,)).rowcount)

    async def hear(self, sid: str, words: str) -> None:
        """Keeps what a call has said so far."""
        statement = "UPDATE message SET body = ? WHERE sid = ?"
        await self._journal.run(lambda db: db.execute(statement, (words, sid)).rowcount)

    async def message(self, sid: str) -> Message | None:
        """The message Twilio's resource would show, also when it is an email."""
        found = await self._select("WHERE sid = ? AND deleted = 0", (sid,))
        return found[0] if found else None

    async def listed(self, query: ListQuery) -> list[Message]:
        """Texts to and from patients, newest first."""
        wanted: list[tuple[str, object]] = [
            ("recipient = ?", query.to),
            ("sender = ?", query.sender),
            ("date(sent_at) >= ?", query.sent_from and query.sent_from.isoformat()),
            ("date(sent_at) <= ?", query.sent_until and query.sent_until.isoformat()),
            ("seq < ?", query.before_seq),
        ]
        given = [(clause, value) for clause, value in wanted if value is not None]
        where = " AND ".join(
            ["channel = 'sms' AND deleted = 0 AND origin != 'carrier'"]
            + [clause for clause, _ in given]
        )
        values = (*[value for _, value in given], query.limit)
        return await self._select(f"WHERE {where} ORDER BY seq DESC LIMIT ?", values)

    async def accepted(self, to: str | None = None, after_seq: int = 0) -> list[Message]:
        """All that was accepted from the app, in order."""
        clause, values = ("AND recipient = ? ", (to,)) if to else ("", ())
        return await self._select(
            f"WHERE origin = 'app' AND seq > ? {clause}ORDER BY seq", (after_seq, *values)
        )

    async def inbound(self) -> list[Message]:
        """All that patients wrote, in order."""
        return await self._select("WHERE origin = 'patient' ORDER BY seq", ())

    async def unfinished(self) -> list[Message]:
        """Accepted texts that a former run left under way."""
        marks = ", ".join("?" * len(_UNFINISHED))
        return await self._select(
            f"WHERE origin = 'app' AND channel != 'voice' AND status IN ({marks}) ORDER BY seq",
            _UNFINISHED,
        )

    async def counts(self) -> dict[str, object]:
        """``total`` accepted from the app, by channel and status; ``inbound``; ``carrier``."""

        def work(db: sqlite3.Connection) -> list[sqlite3.Row]:
            return db.execute(
                "SELECT origin, channel, status, count(*) AS n FROM message GROUP BY 1, 2, 3"
            ).fetchall()

        total, by_channel, by_status = 0, {"sms": 0, "email": 0}, dict[str, int]()
        others = {Origin.PATIENT: 0, Origin.CARRIER: 0}
        for row in await self._journal.run(work):
            if row["origin"] != Origin.APP:
                others[Origin(row["origin"])] += row["n"]
                continue
            total += row["n"]
            by_channel[row["channel"]] = by_channel.get(row["channel"], 0) + row["n"]
            by_status[row["status"]] = by_status.get(row["status"], 0) + row["n"]
        return {
            "total": total,
            **by_channel,
            "by_status": by_status,
            "inbound": others[Origin.PATIENT],
            "carrier": others[Origin.CARRIER],
        }

    async def total(self) -> int:
        """How many messages were accepted from the app."""

        def work(db: sqlite3.Connection) -> int:
            row = db.execute("SELECT count(*) FROM message WHERE origin = 'app'").fetchone()
            return int(row[0])

        return await self._journal.run(work)

    async def clear(self) -> None:
        """Forgets messages and opt-outs; patients stay and their replies are fresh again."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM message")
            db.execute("DELETE FROM opted_out")
            db.execute("UPDATE rule SET fired = 0")

        await self._journal.run(work)

    async def threads(self, phones: int, messages: int) -> list[Message]:
        """The last ``messages`` of the ``phones`` most recently active addresses, in order."""
        return await self._select(
            "WHERE seq IN (SELECT seq FROM (SELECT seq, row_number() OVER "
            "(PARTITION BY patient ORDER BY seq DESC) AS place FROM message WHERE patient IN "
            "(SELECT patient FROM message GROUP BY patient ORDER BY max(seq) DESC LIMIT ?)) "
            "WHERE place <= ?) ORDER BY seq",
            (phones, messages),
        )

    async def _select(self, clause: str, values: Sequence[object]) -> list[Message]:
        statement = f"SELECT * FROM message {clause}"  # noqa: S608  clauses of this module
        rows = await self._journal.run(lambda db: db.execute(statement, tuple(values)).fetchall())
        return [_message(row) for row in rows]


def _row(message: Message) -> tuple[object, ...]:
    values = (getattr(message, name) for name in _COLUMNS)
    return tuple(value.isoformat() if isinstance(value, datetime) else value for value in values)


def _message(row: sqlite3.Row) -> Message:
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118  a Row iterates over values
    for name in _TIMES:
        values[name] = values[name] and datetime.fromisoformat(values[name])
    values["origin"] = Origin(values["origin"])
    values["redacted"], values["deleted"] = bool(values["redacted"]), bool(values["deleted"])
    return Message(**values)

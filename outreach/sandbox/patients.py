"""Simulated patients: their names, what they answer by themselves, and who said STOP."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.sandbox.journal import Journal


@dataclass(frozen=True, slots=True)
class Rule:
    """Answers ``body`` once, ``after_seconds`` after a text that contains ``when_contains``."""

    when_contains: str
    body: str
    after_seconds: float = 0.3


@dataclass(slots=True)
class Patient:
    """Somebody with a phone on the phones page."""

    phone: str
    name: str
    email: str = ""


class Patients:
    """Kept in memory for speed and in the journal for the next run."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._patients: dict[str, Patient] = {}
        self._rules: dict[str, list[tuple[int, Rule]]] = {}
        self._opted_out: set[str] = set()

    async def load(self) -> None:
        """Reads what a former run kept."""

        def work(db: sqlite3.Connection) -> tuple[list[sqlite3.Row], ...]:
            return (
                db.execute("SELECT * FROM patient ORDER BY rowid").fetchall(),
                db.execute("SELECT * FROM rule WHERE fired = 0 ORDER BY id").fetchall(),
                db.execute("SELECT phone FROM opted_out").fetchall(),
            )

        patients, rules, opted_out = await self._journal.run(work)
        self._patients = {
            row["phone"]: Patient(row["phone"], row["name"], row["email"]) for row in patients
        }
        self._rules = {}
        for row in rules:
            rule = Rule(row["contains"], row["body"], row["after_seconds"])
            self._rules.setdefault(row["phone"], []).append((row["id"], rule))
        self._opted_out = {row["phone"] for row in opted_out}

    def all(self) -> list[Patient]:
        """In the order in which they were first described."""
        return list(self._patients.values())

    async def describe(self, patient: Patient, rules: Sequence[Rule]) -> None:
        """Takes the place of what was known of this phone; its rules are fresh."""

        def work(db: sqlite3.Connection) -> list[int]:
            db.execute(
                "INSERT INTO patient (phone, name, email) VALUES (?, ?, ?) "
                "ON CONFLICT (phone) DO UPDATE SET name = excluded.name, email = excluded.email",
                (patient.phone, patient.name, patient.email),
            )
            db.execute("DELETE FROM rule WHERE phone = ?", (patient.phone,))
            return [
                int(
                    db.execute(
                        "INSERT INTO rule (phone, contains, body, after_seconds) "
                        "VALUES (?, ?, ?, ?)",
                        (patient.phone, rule.when_contains, rule.body, rule.after_seconds),
                    ).lastrowid
                    or 0
                )
                for rule in rules
            ]

        ids = await self._journal.run(work)
        self._patients[patient.phone] = patient
        self._rules[patient.phone] = list(zip(ids, rules, strict=True))

    async def answers_to(self, phone: str, text: str) -> list[Rule]:
        """The rules this text sets off; each is used up by it."""
        waiting = self._rules.get(phone)
        if not waiting:
            return []
        folded = text.casefold()
        fired = [item for item in waiting if item[1].when_contains.casefold() in folded]
        if fired:
            self._rules[phone] = [item for item in waiting if item not in fired]
            ids = [(number,) for number, _ in fired]
            await self._journal.run(
                lambda db: db.executemany("UPDATE rule SET fired = 1 WHERE id = ?", ids).rowcount
            )
        return [rule for _, rule in fired]

    def has_opted_out(self, phone: str) -> bool:
        """Whether the carrier holds a STOP of this phone."""
        return phone in self._opted_out

    async def opt_out(self, phone: str) -> None:
        """From now on texts to this phone are refused with 21610."""
        await self._journal.run(
            lambda db: db.execute("INSERT OR IGNORE INTO opted_out VALUES (?)", (phone,)).rowcount
        )
        self._opted_out.add(phone)

    async def opt_in(self, phone: str) -> None:
        """Lifts a STOP."""
        await self._journal.run(
            lambda db: db.execute("DELETE FROM opted_out WHERE phone = ?", (phone,)).rowcount
        )
        self._opted_out.discard(phone)

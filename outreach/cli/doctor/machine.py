"""Settings, keys, clock, database and broker: what the machine must offer."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from outreach.bootstrap import clinic_clock
from outreach.cli.broker import check_broker
from outreach.cli.doctor.finding import Finding, Subject, fault, ok, warning
from outreach.clocks import SystemClock
from outreach.embedded.redis_server import find_redis
from outreach.storage.crypto import Keyring
from outreach.storage.database import Database
from outreach.storage.migrate import is_current
from outreach.storage.repositories.people import identifier_index

_BUILT = datetime(2026, 1, 1, tzinfo=UTC)
_DRIFT = timedelta(seconds=5)


def folder(subject: Subject) -> Iterator[Finding]:
    """Whether data can be written where settings say."""
    data = subject.settings.data_dir.absolute()
    nearest = next(parent for parent in (data, *data.parents) if parent.exists())
    if not os.access(nearest, os.W_OK):
        yield fault(
            "data", f"{data} cannot be written", "Set OUTREACH_DATA_DIR to a folder of yours."
        )
        return
    free = os.statvfs(nearest)
    gigabytes = free.f_bavail * free.f_frsize / 1e9
    if gigabytes < 1:
        yield warning("data", f"{data} has {gigabytes:.1f} GB left", "Make room.")
    else:
        yield ok("data", f"{data}, {gigabytes:.0f} GB free")


def keys(subject: Subject) -> Iterator[Finding]:
    """Whether the keys seal, open, and open what is stored."""
    ring, index = subject.settings.key_bytes()
    keyring = Keyring(ring, index)
    if keyring.decrypt(keyring.encrypt("round trip", "doctor"), "doctor") != "round trip":
        yield fault("keys", "what they seal they do not open", "Make new ones: 'outreach keys'.")
        return
    yield ok("keys", f"{len(ring)} known; a round trip works")


def database(subject: Subject) -> Iterator[Finding]:
    """Whether it answers, has the newest schema, and was written with our keys."""
    if subject.settings.keys is None:
        return  # told already; nothing can be opened without
    ring, index = subject.settings.key_bytes()
    db = Database(subject.settings.database(), Keyring(ring, index))
    try:
        yield from _look_into(db)
    finally:
        db.close()


def _look_into(db: Database) -> Iterator[Finding]:
    url, kind = db.engine.url, db.engine.dialect.name
    place = url.database if kind == "sqlite" else url.host or url.query.get("host", "its socket")
    if kind == "sqlite" and not Path(str(place)).exists():
        yield fault("database", f"{place} does not exist yet", "Run 'outreach db upgrade'.")
        return
    if not is_current(db):
        yield fault("database", f"{kind} at {place} is not migrated", "Run 'outreach db upgrade'.")
        return
    with db.read() as unit:
        one = unit.people.any_identifier()
    if one is not None and one.value_index != identifier_index(one.kind, one.system, one.value):
        yield fault(
            "database",
            "OUTREACH_INDEX_KEY is not the one it was written with: nobody would be found in it",
            "Restore the index key; do not go on with another.",
        )
        return
    yield ok("database", f"{kind} at {place}, newest schema, opens with our keys")
    yield from _database_clock(db)


def _database_clock(db: Database) -> Iterator[Finding]:
    if db.engine.dialect.name != "postgresql":
        return
    with db.engine.connect() as connection:
        there = connection.execute(text("SELECT now()")).scalar_one()
    apart = abs(there - SystemClock().now())
    if apart > _DRIFT:
        seconds = f"{apart.total_seconds():.0f} s"
        yield warning("database", f"its clock is {seconds} from ours", "Set both by NTP.")


def broker(subject: Subject) -> Iterator[Finding]:
    """Whether wake-ups can travel; without a broker set, which one ``up`` would bring."""
    if subject.settings.broker_url is not None:
        check_broker(subject.settings)
        yield ok("broker", "the one of OUTREACH_BROKER_URL answers")
        return
    found = find_redis()
    if found is None:
        yield warning(
            "broker",
            "none is set and no Redis was found: 'outreach up' would carry wake-ups in files",
            "Install redis-server, or set OUTREACH_BROKER_URL; only wake-ups get faster by it.",
        )
    else:
        yield ok("broker", f"none is set: 'outreach up' brings the {found.origin}")


def clock(subject: Subject) -> Iterator[Finding]:
    """Whether the machine knows the date, and clinic time is real time."""
    machine = SystemClock()
    now = machine.now()
    if now < _BUILT:
        yield fault("clock", f"this machine thinks it is {now:%Y-%m-%d}", "Set its clock by NTP.")
        return
    shown = clinic_clock(subject.settings, machine).now()
    if subject.settings.clock_file is None:
        yield ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")
    elif subject.settings.uses_sandbox:
        yield ok("clock", f"clinic time is {shown:%Y-%m-%d %H:%M} UTC, from OUTREACH_CLOCK_FILE")
    else:
        yield fault(
            "clock",
            "clinic time is not real time, and a Twilio account is set",
            "Unset OUTREACH_CLOCK_FILE: real patients live in real time.",
        )

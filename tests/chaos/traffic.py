"""What happens in the clinic meanwhile: visits booked, doses due, patients who write.

A sender repeats what was not acknowledged, as a scheduling system does; the carrier repeats a
webhook as it was told to. What was promised to them is written down here.
"""

import json
import random
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Any, Self

from tests.chaos.system import API_KEY, System

_AREAS = (303, 312, 412, 503, 512, 602, 612, 702, 713, 801, 804, 816, 901, 904, 919)
_AGAIN = 0.3
_ANSWER = 3.0


class Says(StrEnum):
    """What a patient writes. Each has its own meaning to triage."""

    CONFIRM = "C"
    RED_FLAG = "I have chest pain and I can't breathe"
    QUESTION = "What time is my appointment?"
    STOP = "STOP"


@dataclass(slots=True)
class Fed:
    """One event that a sender holds until it is acknowledged."""

    phone: str
    value: dict[str, Any]
    not_before: float
    """By the monotonic clock."""
    arrival: str | None = None
    """What it was called by whoever acknowledged it."""

    @property
    def acknowledged(self) -> bool:
        return self.arrival is not None


@dataclass(frozen=True, slots=True)
class Written:
    """One text that a patient wrote: what the carrier calls it."""

    sid: str
    phone: str
    says: Says


@dataclass(slots=True)
class Books:
    """All that was fed and written so far."""

    fed: list[Fed] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)


class Traffic:
    """A context manager: a sender with a thread of its own."""

    def __init__(self, system: System, chance: random.Random) -> None:
        self._system = system
        self._random = chance
        self.books = Books()
        self.last_due = system.clock.now()
        """Clinic time of the last dose that was fed."""
        self._number = 0
        self._waiting: SimpleQueue[Fed] = SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, name="sender", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=15)

    def feed(self, count: int, seconds: float) -> list[str]:
        """So many patients in the next ``seconds``, each with one text that is due at once or
        ``seconds`` later; their phones.
        """
        phones, now = [], time.monotonic()
        for place in range(count):
            self._number += 1
            phone = _phone(self._number)
            value = self._dose(phone, seconds) if self._number % 3 == 0 else self._visit(phone)
            one = Fed(phone, value, now + seconds * place / count)
            self.books.fed.append(one)
            self._waiting.put(one)
            phones.append(phone)
        return phones

    def write(self, phone: str, says: Says) -> None:
        """A patient writes to the clinic."""
        shown = self._system.carrier("inbound", {"from": phone, "body": says.value})
        self.books.written.append(Written(shown["id"], phone, says))

    def all_acknowledged(self) -> bool:
        return all(one.acknowledged for one in self.books.fed)

    def _visit(self, phone: str) -> dict[str, Any]:
        """Booked for tomorrow: what the missed reminders would have said goes at once."""
        start = self._system.clock.now() + timedelta(hours=20, minutes=self._number % 50)
        return self._event(
            "appointment.booked",
            phone,
            appointment={
                "ids": [{"system": "visit", "value": f"V{self._number}"}],
                "start": start.isoformat(),
                "end": (start + timedelta(hours=3)).isoformat(),
                "service": "Infusion",
                "location": "cedar_grove",
            },
        )

    def _dose(self, phone: str, seconds: float) -> dict[str, Any]:
        """Due a few seconds from now: the tick must find it."""
        due = self._system.clock.now() + timedelta(
            seconds=self._random.uniform(seconds, 2 * seconds)
        )
        self.last_due = max(self.last_due, due)
        return self._event(
            "regimen.prescribed",
            phone,
            regimen={
                "ids": [{"system": "pharmacy", "value": f"R{self._number}"}],
                "rule": "daily",
                "location": "cedar_grove",
                "dose_dates": [due.isoformat()],
            },
        )

    def _event(self, kind: str, phone: str, **rest: Any) -> dict[str, Any]:
        person = {
            "ids": [{"system": "mrn", "value": f"P{self._number}"}],
            "given": "Robin",
            "family": f"Drill{self._number}",
            "phones": [{"value": phone, "mobile": True}],
            "language": "en",
        }
        return {
            "id": f"e{self._number}",
            "source": "drill",
            "type": kind,
            "occurred_at": self._system.clock.now().isoformat(),
            "patient": person,
            **rest,
        }

    def _send(self) -> None:
        for one in self._handed():
            self._over.wait(one.not_before - time.monotonic())
            while not one.acknowledged and not self._over.is_set():
                one.arrival = self._post(one)
                if not one.acknowledged:
                    time.sleep(_AGAIN)

    def _handed(self) -> Iterator[Fed]:
        while not self._over.is_set():
            try:
                yield self._waiting.get(timeout=0.1)
            except Empty:
                continue

    def _post(self, one: Fed) -> str | None:
        request = urllib.request.Request(
            f"http://{self._system.wire['web'].address}/events",
            data=json.dumps(one.value).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {API_KEY}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER) as answer:  # noqa: S310
                return str(json.loads(answer.read())["id"])
        except (OSError, HTTPException, ValueError):
            return None  # it asks again, as its kind does


def _phone(number: int) -> str:
    return f"+1{_AREAS[number // 9000]}555{number % 9000 + 1000:04d}"

"""What the doctor finds: a level, a sentence, and the remedy where one is needed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from outreach.domain.clinic import Clinic
from outreach.domain.errors import OutreachError
from outreach.settings import Settings


class Level(StrEnum):
    """How bad it is. A fault keeps Outreach from its work; a warning is for a person to judge."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    check: str
    level: Level
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined. ``clinic`` is None when its file cannot be read."""

    settings: Settings
    clinic: Clinic | None


Check = Callable[[Subject], Iterator[Finding]]


def ok(check: str, message: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Level.OK, message)


def warning(check: str, message: str, remedy: str) -> Finding:
    """Works, but a person should look at it."""
    return Finding(check, Level.WARNING, message, remedy)


def fault(check: str, message: str, remedy: str) -> Finding:
    """Does not work."""
    return Finding(check, Level.FAULT, message, remedy)


def guarded(check: str, looked: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What ``looked`` finds; an error of ours becomes a fault, its sentence holds the remedy."""
    try:
        yield from looked()
    except OutreachError as error:
        yield fault(check, str(error), "")

"""A clinic in New York with a second site in Chicago, reading whatever a test sends it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.events import (
    AppointmentData,
    ParsedItem,
    PatientData,
    Problem,
    SchedulingEvent,
)
from outreach.intake.detect import Intake
from outreach.intake.interface import Arrival, InterfaceSettings
from outreach.pipeline.ports import Parser

NEW_YORK = ZoneInfo("America/New_York")
CHICAGO = ZoneInfo("America/Chicago")
RECEIVED = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
FEEDS = Path(__file__).parents[2] / "examples" / "feeds"

Read = Callable[..., list[ParsedItem]]


def zone_of(site: str | None) -> ZoneInfo | None:
    return {"EAST": NEW_YORK, "LAKE": CHICAGO}.get(site or "")


def intake(settings: InterfaceSettings | None = None) -> Parser:
    return Intake(NEW_YORK, "US", zone_of, settings)


@pytest.fixture
def read() -> Read:
    """Reads text or bytes as the source ``ehr``."""

    def run(
        raw: str | bytes, kind: str = "", settings: InterfaceSettings | None = None
    ) -> list[ParsedItem]:
        data = raw if isinstance(raw, bytes) else raw.encode()
        return intake(settings)(data, kind, "ehr", RECEIVED)

    return run


@pytest.fixture
def arrival() -> Arrival:
    return Arrival("ehr", RECEIVED, NEW_YORK, zone_of)


def siu(trigger: str = "S12", **parts: str) -> str:
    """A small, well-formed SIU; each part replaces one piece."""
    msh = parts.get("msh", f"SIU^{trigger}^SIU_S12|M1|P|2.5.1")
    start = parts.get("start", "20270315090000")
    end = parts.get("end", "20270315110000")
    status = parts.get("status", "")
    sch = parts.get("sch", f"P1^APP|F1^APP|||||||||^^^{start}^{end}||||||||||||||{status}")
    pid = parts.get("pid", "1||77^^^CGI^MR||Larkspur^Nell||19800101|F")
    lines = [
        f"MSH|^~\\&|APP|CGI|OUT|CGI|{parts.get('sent', '20270301090000-0500')}||{msh}",
        f"SCH|{sch}",
    ]
    if pid:
        lines.append(f"PID|{pid}")
    if "more" in parts:
        lines.append(parts["more"])
    return "\r".join(lines) + "\r"


def only(items: list[ParsedItem]) -> ParsedItem:
    assert len(items) == 1
    return items[0]


def event_of(item: ParsedItem) -> SchedulingEvent:
    assert item.problem is None, item.problem
    assert item.event is not None
    return item.event


def visit_of(item: ParsedItem) -> AppointmentData:
    visit = event_of(item).appointment
    assert visit is not None
    return visit


def patient_of(item: ParsedItem) -> PatientData:
    return event_of(item).patient


def problem_of(item: ParsedItem) -> Problem:
    assert item.problem is not None
    assert item.event is None
    return item.problem

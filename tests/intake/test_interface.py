"""What one sender's settings change about the reading of its messages."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.events import ParsedItem
from outreach.intake.detect import Intake
from outreach.intake.interface import InterfaceSettings
from tests.intake.conftest import (
    NEW_YORK,
    RECEIVED,
    event_of,
    only,
    siu,
    visit_of,
    zone_of,
)

AT_LAKE = "AIL|1|A|LAKE^CHAIR 2"
AT_NINE_IN = {"New York": 13, "Chicago": 14, "Denver": 15}
"""15 March 2027, 09:00 local, in hours of UTC."""


def read(settings: InterfaceSettings, more: str = "", source: str = "mllp:ehr") -> ParsedItem:
    intake = Intake(NEW_YORK, "US", zone_of, interfaces={"ehr": settings})
    return only(intake(siu(more=more).encode(), "", source, RECEIVED))


@pytest.mark.parametrize("source", ["mllp:ehr", "http:ehr", "file:ehr"])
def test_settings_are_those_of_the_interface_whatever_the_way_in(source: str) -> None:
    found = read(InterfaceSettings(authority="X"), source=source)
    assert {one.system for one in event_of(found).patient.identifiers} == {"CGI"}
    assert event_of(found).source == source
    refused = read(InterfaceSettings(processing_ids=frozenset({"T"})), source=source)
    assert refused.problem is not None
    assert refused.problem.code == "202"


@pytest.mark.parametrize("source", ["mllp:other", "ehr", "mllp:"])
def test_other_senders_are_read_in_the_usual_way(source: str) -> None:
    found = read(InterfaceSettings(processing_ids=frozenset({"T"})), source=source)
    assert found.problem is None


@pytest.mark.parametrize(
    ("settings", "more", "site", "zone"),
    [
        (InterfaceSettings(), "", None, "New York"),
        (InterfaceSettings(), AT_LAKE, "LAKE", "Chicago"),
        (InterfaceSettings(site="LAKE"), "", "LAKE", "Chicago"),
        (InterfaceSettings(site="LAKE"), "AIL|1|A|ROOM 5", "LAKE", "Chicago"),
        (InterfaceSettings(site="EAST"), AT_LAKE, "LAKE", "Chicago"),
        (InterfaceSettings(zone=ZoneInfo("America/Denver")), AT_LAKE, "LAKE", "Denver"),
        (InterfaceSettings(site="LAKE", zone=NEW_YORK), "", "LAKE", "New York"),
    ],
)
def test_site_and_zone_of_an_interface(
    settings: InterfaceSettings, more: str, site: str | None, zone: str
) -> None:
    visit = visit_of(read(settings, more))
    assert visit.site == site
    assert visit.start is not None
    assert visit.start.hour == AT_NINE_IN[zone]


def test_a_site_the_clinic_does_not_know_is_named_as_written() -> None:
    assert visit_of(read(InterfaceSettings(), "AIL|1|A|ROOM 5")).site == "ROOM 5"


def test_an_interface_has_limits_of_its_own() -> None:
    small = replace(InterfaceSettings(), max_bytes=10)
    found = read(small)
    assert found.problem is not None
    assert found.problem.code == "too-long"

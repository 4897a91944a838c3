"""HL7 times: every shape that occurs, the two clock changes, and what does not exist."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.errors import BadInput
from outreach.intake.hl7.times import hl7_day, hl7_moment
from tests.intake.conftest import NEW_YORK


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("20270115090000", "2027-01-15T14:00:00"),
        ("202701150900", "2027-01-15T14:00:00"),
        ("2027011509", "2027-01-15T14:00:00"),
        ("2027011509000000", "2027-01-15T14:00:00"),
        ("20270115090000.1234", "2027-01-15T14:00:00"),
        ("20270115090000-0600", "2027-01-15T15:00:00"),
        ("202701150900+0215", "2027-01-15T06:45:00"),
        ("20270115090000 ", "2027-01-15T14:00:00"),
        ("20270715090000", "2027-07-15T13:00:00"),
        ("2027-01-15T09:00:00", "2027-01-15T14:00:00"),
        ("2027-01-15T09:00:00Z", "2027-01-15T09:00:00"),
        ("20270115090000Z", "2027-01-15T09:00:00"),
    ],
)
def test_shapes(written: str, utc: str) -> None:
    moment = hl7_moment(written, NEW_YORK, "SCH-11")
    assert moment.at == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert moment.at.utcoffset() == timedelta(0)
    assert not moment.date_only
    assert moment.doubt is None


def test_a_day_alone_is_marked() -> None:
    moment = hl7_moment("20270115", NEW_YORK, "SCH-11")
    assert moment.date_only
    assert moment.at == datetime(2027, 1, 15, 5, tzinfo=UTC)


def test_a_time_that_occurs_twice_is_the_earlier_and_flagged() -> None:
    moment = hl7_moment("20271107013000", NEW_YORK, "SCH-11")
    assert moment.doubt == "ambiguous"
    assert moment.at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_a_time_the_clocks_skip_is_flagged_and_moved_on() -> None:
    moment = hl7_moment("20270314023000", NEW_YORK, "SCH-11")
    assert moment.doubt == "nonexistent"
    assert moment.at.astimezone(NEW_YORK).hour == 3


def test_an_offset_leaves_no_doubt() -> None:
    assert hl7_moment("20271107013000-0500", NEW_YORK, "SCH-11").doubt is None


@pytest.mark.parametrize(
    "written",
    [
        "20261301",
        "20270230090000",
        "20270115250000",
        "20270115096100",
        "00000000",
        "soon",
        "2027",
        "20270115090000+9900",
        "99991231235959",
        "18991231",
        "2027011509000",
        "２０２７０１１５",
    ],
)
def test_what_does_not_exist_is_code_102_and_says_where_without_quoting_it(written: str) -> None:
    with pytest.raises(BadInput) as caught:
        hl7_moment(written, NEW_YORK, "SCH-11.4")
    assert caught.value.code == "102"
    assert "SCH-11.4" in caught.value.message
    assert written not in caught.value.message


@given(st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)), st.integers(-720, 840))  # noqa: DTZ001
def test_a_written_offset_always_wins(local: datetime, minutes: int) -> None:
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    written = f"{local:%Y%m%d%H%M%S}{sign}{size // 60:02}{size % 60:02}"
    expected = local.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=minutes)
    assert hl7_moment(written, NEW_YORK, "TQ1-7").at == expected


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_code_102(written: str) -> None:
    code = ""
    try:
        at: datetime | None = hl7_moment(written, NEW_YORK, "TQ1-7").at
    except BadInput as error:
        at, code = None, error.code
    assert (code == "102") if at is None else (at.tzinfo is UTC)


def test_birth_days() -> None:
    assert hl7_day("198808181126+0215") == date(1988, 8, 18)
    assert hl7_day("1988-08-18") == date(1988, 8, 18)
    assert hl7_day("1988") is None
    assert hl7_day("19880230") is None

"""``roster.yaml``: the shipped one has no gap, and each mistake is told at its line."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outreach.configuration.roster_file import RosterOnFile, load_roster
from outreach.domain.errors import ConfigurationError
from outreach.domain.roster import Coverage, Duty, gaps, nurse_on
from tests.worlds import clinic

SHIPPED = Path(__file__).parents[2] / "config" / "roster.yaml"
NOW = datetime(2026, 11, 1, 15, tzinfo=UTC)


def test_the_shipped_roster_has_no_gap_over_the_holidays() -> None:
    made = load_roster(SHIPPED, clinic())
    assert nurse_on(made, NOW)
    for coverage in Coverage:
        assert gaps(made, coverage, NOW, NOW + timedelta(days=420)) == ()
    assert made.wait(Duty.BACKUP) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("monday-saturday", "monday-saturda"), "shifts.0.days: 'saturda' is not a day of the"),
        (("days: every_day", "days: []"), "is no day. Write monday-friday, every_day, or a list"),
        (("[second_nurse]", "[nobody]"), "shifts.1.who: 'nobody' is nobody of the people above"),
        (('by: sms, address: "+12025550199"', "by: sms, address: 2025550199"), "reach.0.address"),
        (("by: email", "by: pigeon"), "should be 'sms', 'email', 'voice' or 'webhook'."),
        (("nurses@cedar-grove.example.org", "nurses"), "reach.1.address: is not an email"),
        (("code: night_nurse", "code: charge_nurse"), "people.2.code: 'charge_nurse' stands here"),
        (('begins: "07:00", ends: "13:00"', 'begins: "7", ends: "13:00"'), "is not a time of day"),
        (("day: 2026-12-25", "day: 2026-13-25"), "holidays.1.day: "),
        (("alarm_hours: 48", "alarm_hours: 0"), "alarm_hours: "),
        (("  backup: 5", "  back_up: 5"), "Did you mean 'backup'?"),
        (
            ("by: email, address: nurses@cedar-grove.example.org", "by: webhook, address: {}"),
            "reach.1.address",
        ),
    ],
)
def test_each_mistake_is_told_at_its_line(
    change: tuple[str, str], told: str, tmp_path: Path
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert change[0] in text
    file = tmp_path / "roster.yaml"
    file.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_roster(file, clinic())
    assert told in str(caught.value)
    assert f"{file}, line " in str(caught.value)
    assert "2025550199" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://pager.clinic.example/hook",
        "ftp://pager.clinic.example/hook",
        "https://user:word@pager.clinic.example/hook",
        "https:///hook",
        "https://pager.clinic.example/hook#x",
    ],
)
def test_pages_are_posted_over_tls_or_not_at_all(url: str, tmp_path: Path) -> None:
    file = tmp_path / "roster.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    old = "by: email, address: nurses@cedar-grove.example.org"
    file.write_text(text.replace(old, f'by: webhook, address: "{url}"'), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is not an address to post to"):
        load_roster(file, clinic())
    good = "https://pager.clinic.example/hook?clinic=1"
    file.write_text(text.replace(old, f'by: webhook, address: "{good}"'), encoding="utf-8")
    assert load_roster(file, clinic()).people["charge_nurse"].reach[1].address == good


def test_a_clinic_with_hours_must_say_which(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    start, end = text.index("# When the clinic is open"), text.index("holidays:\n")
    file = tmp_path / "roster.yaml"
    file.write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(ConfigurationError, match="hours is missing"):
        load_roster(file, clinic())
    assert load_roster(file, replace(clinic(), coverage=Coverage.ALWAYS)).hours == ()


def test_an_edit_counts_at_once_and_a_faulty_one_leaves_the_last_good_one(tmp_path: Path) -> None:
    file = tmp_path / "roster.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    book = RosterOnFile(file, clinic())
    write(file, text.replace("name: Second nurse", "name: Another nurse"), 1)
    assert book.now().people["second_nurse"].name == "Another nurse"
    write(file, text.replace("every_day", "never", 1), 2)
    assert book.now().people["second_nurse"].name == "Another nurse"
    assert "never" in (book.fault() or "")
    file.unlink()
    assert book.now().people
    write(file, text, 3)
    assert book.now().people["second_nurse"].name == "Second nurse"
    assert book.fault() is None


def write(file: Path, text: str, seconds: int) -> None:
    """A later edit, also where the clock of the file system is coarse."""
    file.write_text(text, encoding="utf-8")
    os.utime(file, (seconds, seconds))

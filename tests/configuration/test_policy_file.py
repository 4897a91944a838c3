"""``policy.yaml``: the shipped rules, and each mistake told at its line."""

from datetime import time
from pathlib import Path

import pytest

from outreach.configuration.policy_file import load_policy
from outreach.domain.clinic import Window
from outreach.domain.errors import ConfigurationError
from outreach.domain.people import PeopleRules
from outreach.domain.policy import every_day
from outreach.domain.states import Purpose

SHIPPED = Path(__file__).parents[2] / "config" / "policy.yaml"

GOOD = """\
care_consent: recorded_only
windows:
  care:
    every_day: 08:30-20:30
    sunday: closed
  outreach:
    monday: 09:00 - 12:00
    saturday: 10:00-11:00
  states:
    TX:
      monday: 11:00-21:00
caps:
  per_day: 2
  per_week: 5
"""


def fault(tmp_path: Path, text: str) -> str:
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_policy(file)
    return str(caught.value).replace(str(file), "policy.yaml")


def test_the_shipped_rules() -> None:
    policy = load_policy(SHIPPED)
    weekday = Window(time(9), time(20))
    assert policy.care_attested
    assert policy.week_for(Purpose.CARE) == every_day(time(8), time(21))
    for purpose in (Purpose.CAMPAIGN, Purpose.EDUCATION):
        assert policy.week_for(purpose) == {
            **dict.fromkeys(range(6), weekday),
            6: Window(time(12), time(20)),
        }
    assert (policy.cap_per_day, policy.cap_per_week) == (1, 3)


def test_who_is_written_to_is_the_strictest_unless_the_clinic_says_otherwise(
    tmp_path: Path,
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_policy(SHIPPED).people == load_policy(file).people == PeopleRules(18, 30)
    more = "people: {age_of_majority: 19, handover_days: 60, minors_own_phone: last}\n"
    file.write_text(GOOD + more, encoding="utf-8")
    assert load_policy(file).people == PeopleRules(19, 60, minors_own_last=True)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("age_of_majority: 16", "people.age_of_majority: should be greater than or equal to 18."),
        ("handover_days: 0", "people.handover_days: should be greater than or equal to 1."),
        ("minors_own_phone: first", "people.minors_own_phone: should be 'never' or 'last'."),
        ("adults: everybody", "people.adults: is not a setting that is known here."),
    ],
)
def test_a_mistake_in_people_is_told_at_its_line(wrong: str, told: str, tmp_path: Path) -> None:
    shown = fault(tmp_path, f"{GOOD}people:\n  {wrong}\n")
    assert shown.startswith(f"policy.yaml, line 16: {told}")


NO_SUNDAY = dict.fromkeys(range(6), Window(time(9), time(20)))


@pytest.mark.parametrize(
    ("states", "week"),
    [
        ({"FL"}, {**NO_SUNDAY, 6: Window(time(12), time(20))}),
        ({"CT", "MD"}, {**NO_SUNDAY, 6: Window(time(12), time(20))}),
        ({"TX"}, {**NO_SUNDAY, 6: Window(time(12), time(20))}),
        ({"AL"}, NO_SUNDAY),
        ({"LA"}, NO_SUNDAY),
        ({"MS", "TX"}, NO_SUNDAY),
    ],
)
def test_the_shipped_hours_of_the_states(states: set[str], week: object) -> None:
    policy = load_policy(SHIPPED)
    for purpose in (Purpose.CAMPAIGN, Purpose.EDUCATION, Purpose.MARKETING):
        assert policy.week_for(purpose, states) == week
    assert policy.week_for(Purpose.CARE, states) == every_day(time(8), time(21))


def test_both_the_hours_of_the_clinic_and_of_the_state_hold(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD, encoding="utf-8")
    policy = load_policy(file)
    assert policy.week_for(Purpose.CAMPAIGN, ["TX"]) == {0: Window(time(11), time(12))}
    assert policy.week_for(Purpose.CAMPAIGN, ["NY"]) == policy.outreach_week


def test_days_that_are_named_differ_from_every_day(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD, encoding="utf-8")
    policy = load_policy(file)
    assert not policy.care_attested
    assert policy.care_week == dict.fromkeys(range(6), Window(time(8, 30), time(20, 30)))
    assert policy.outreach_week == {
        0: Window(time(9), time(12)),
        5: Window(time(10), time(11)),
    }
    assert (policy.cap_per_day, policy.cap_per_week) == (2, 5)


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (
            ("recorded_only", "assumed"),
            1,
            "care_consent: should be 'attested_by_clinic' or 'recorded_only'. Correct it.",
        ),
        (("care_consent: recorded_only\n", ""), 1, "care_consent: is missing. Add it."),
        (
            ("08:30-20:30", "20:30-08:30"),
            4,
            "windows.care.every_day: '20:30-08:30' closes before it opens. Write the earlier",
        ),
        (
            ("08:30-20:30", "10:00-10:00"),
            4,
            "windows.care.every_day: '10:00-10:00' closes before it opens.",
        ),
        (
            ("08:30-20:30", "07:59-20:30"),
            4,
            "windows.care.every_day: '07:59-20:30' reaches outside 08:00-21:00, the hours that"
            " 47 CFR 64.1200(c)(1) allows. Narrow it.",
        ),
        (
            ("10:00-11:00", "10:00-21:01"),
            8,
            "windows.outreach.saturday: '10:00-21:01' reaches outside 08:00-21:00",
        ),
        (
            ("10:00-11:00", "10:00-25:00"),
            8,
            "windows.outreach.saturday: '25:00' is not a time of day. Write hours and minutes",
        ),
        (("10:00-11:00", "9-11"), 8, "windows.outreach.saturday: '9' is not a time of day."),
        (
            ("10:00-11:00", "shut"),
            8,
            "windows.outreach.saturday: 'shut' is not a window. Write it as 09:00-20:00, or",
        ),
        (
            ("saturday:", "saterday:"),
            8,
            "windows.outreach.saterday: is not a setting that is known here."
            " Did you mean 'saturday'?",
        ),
        (
            ("sunday: closed", "holidays: closed"),
            5,
            "windows.care.holidays: is not a setting that is known here. Remove it or correct",
        ),
        (
            ("every_day: 08:30-20:30", "every_day: closed"),
            3,
            "windows.care: is closed all week. Open at least one day, as in every_day.",
        ),
        (
            ("    TX:", "    Texas:"),
            10,
            "windows.states.Texas: 'Texas' is no state of the United States. Write its two letters,"
            " such as TX.",
        ),
        (
            ("monday: 11:00-21:00", "monday: 11:00-21:30"),
            11,
            "windows.states.TX.monday: '11:00-21:30' reaches outside 08:00-21:00",
        ),
        (
            ("monday: 11:00-21:00", "monday: 12:00-21:00"),
            10,
            "windows.states.TX: has no hour in common with windows.outreach",
        ),
        (
            ("  states:\n    TX:\n      monday: 11:00-21:00\n", ""),
            2,
            "windows.states: is missing. Add it.",
        ),
        (("  care:\n", "  care: {}\n  texts:\n"), 3, "windows.care: is closed all week."),
        (("per_day: 2", "per_day: 0"), 13, "caps.per_day: should be greater than or equal to 1."),
        (("per_day: 2", "per_day: two"), 13, "caps.per_day: should be a valid integer. Correct"),
        (
            ("per_week: 5", "per_week: 1"),
            14,
            "caps.per_week: is less than per_day (2). Raise it, or lower per_day.",
        ),
        (("  per_week: 5\n", ""), 12, "caps.per_week: is missing. Add it."),
    ],
)
def test_each_mistake_is_told_at_its_line(
    change: tuple[str, str], line: int, told: str, tmp_path: Path
) -> None:
    assert GOOD.count(change[0]) == 1
    shown = fault(tmp_path, GOOD.replace(*change))
    assert shown.startswith(f"policy.yaml, line {line}: {told}")


def test_a_policy_that_is_missing_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"policy\.yaml: there is no such file\. Create"):
        load_policy(tmp_path / "policy.yaml")

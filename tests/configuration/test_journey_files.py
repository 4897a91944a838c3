"""Journey files: the shipped ones load and fit the messages; each mistake is told at its line."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.configuration.clinic_file import load_clinic
from outreach.configuration.journey_files import journey_schema, load_journeys
from outreach.domain.errors import ConfigurationError
from outreach.domain.journeys import (
    Anchor,
    AnchorPoint,
    EveningBefore,
    Journey,
    Notice,
    Offset,
    Only,
    Silence,
    Step,
    Unreported,
    WhenLate,
    steps_for,
)
from outreach.domain.states import ChannelKind, Purpose
from outreach.domain.triage.result import Prompt
from outreach.rendering.messages import MessageTemplates

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = CONFIG / "journeys"
CLINIC = load_clinic(CONFIG / "clinic.yaml")
MESSAGES = MessageTemplates()
SMS, EMAIL = ChannelKind.SMS, ChannelKind.EMAIL

VISIT = """\
name: visit
title: Before a visit
anchor: visit_start
kinds: [infusion]
steps:
  - id: d3
    before: {days: 3}
    message: prep_3d
    useful_hours: 20
    channels: [sms, email]
    asks: {prompt: confirm, open_hours: 24}
  - id: d1
    before: {days: 1}
    at: 19:00
    message: prep_1d
    useful_hours: 12
"""

DOSE = """\
name: doses
title: Doses
anchor: dose
steps:
  - id: dose
    after: {days: 0}
    message: dose_day
    useful_hours: 12
"""

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def load(folder: Path) -> tuple[Journey, ...]:
    return load_journeys(folder, CLINIC, MESSAGES.names())


def fault(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "")


def shipped(name: str) -> Journey:
    return next(journey for journey in load(SHIPPED) if journey.name == name)


# --- the shipped journeys -------------------------------------------------------------------------


def test_the_shipped_journeys_are_these() -> None:
    found = {journey.name: (journey.anchor, journey.kinds) for journey in load(SHIPPED)}
    infusion = frozenset({"infusion"})
    assert found == {
        "infusion_visit": (Anchor.VISIT_START, infusion),
        "infusion_checkin": (Anchor.INFUSION_END, infusion),
        "home_dose": (Anchor.DOSE, frozenset()),
        "laboratory_visit": (Anchor.VISIT_START, frozenset({"laboratory"})),
        "training_visit": (Anchor.VISIT_START, frozenset({"training"})),
        "nurse_visit": (Anchor.VISIT_START, frozenset({"nurse_home"})),
        "closure": (Anchor.CLOSURE, infusion | {"laboratory", "training", "nurse_home"}),
        "welcome": (Anchor.OCCASION, frozenset({"enrolment"})),
        "authorization": (Anchor.OCCASION, frozenset({"authorization"})),
        "shipment": (Anchor.OCCASION, frozenset({"shipment"})),
        "refill": (Anchor.OCCASION, frozenset({"refill"})),
        "assistance": (Anchor.OCCASION, frozenset({"home_start"})),
        "home_switch": (Anchor.OCCASION, frozenset({"home_switch"})),
        "home_year": (Anchor.OCCASION, frozenset({"home_year"})),
        "shipment_check": (Anchor.OCCASION, frozenset({"arrival"})),
        "shipment_sent": (Anchor.OCCASION, frozenset({"delivery"})),
    }
    education = {journey.name for journey in load(SHIPPED) if journey.purpose is Purpose.EDUCATION}
    assert education == {"assistance"}


def test_the_shipped_preparation() -> None:
    d7, d3, d1, h2 = shipped("infusion_visit").steps
    assert d7 == Step(
        id="d7",
        message="prep_7d",
        offset=Offset(days=-7),
        useful_hours=48,
        channels=(SMS, EMAIL),
        also_email=True,
        first_message="prep_7d_first",
        only=frozenset({Only.COURSE_START}),
        asks=Prompt.CONFIRM,
        question_hours=48,
        when_late=WhenLate.COLLAPSE,
    )
    assert (d3.message, d3.offset, d3.channels) == ("prep_3d", Offset(days=-3), (SMS, EMAIL))
    assert (d1.message, d1.first_message) == ("prep_1d", "prep_1d_first")
    assert (h2.id, h2.message, h2.offset) == ("h2", "prep_2h", Offset(hours=-2))
    assert [step.also_email for step in (d7, d3, d1, h2)] == [True, True, False, False]
    assert [step.asks for step in (d3, d1, h2)] == [Prompt.SCREEN, Prompt.SCREEN, None]
    assert [step.question_hours for step in (d3, d1)] == [72, 24]
    assert h2.evening_before == EveningBefore(time(19), "d1")


def test_the_shipped_notices() -> None:
    journey = shipped("infusion_visit")
    assert {kind: step.id for kind, step in journey.notices.items()} == {
        Notice.BOOKED: "booked",
        Notice.REVIVED: "visit_on",
        Notice.STILL_ON: "still_on",
    }
    assert (journey.covers_hours, journey.course_gap_days) == (12, 1)


def test_the_shipped_checkins() -> None:
    journey = shipped("infusion_checkin")
    steps = journey.steps
    assert [(step.id, step.message, step.offset) for step in steps] == [
        ("evening", "checkin_evening", Offset(at=time(19))),
        ("h24", "checkin_24h", Offset(hours=24)),
        ("h24_nudge", "checkin_nudge", Offset(hours=36)),
        ("h72", "checkin_72h", Offset(hours=72)),
        ("d10", "checkin_10d", Offset(days=10)),
        ("d14", "checkin_14d", Offset(days=14)),
    ]
    assert (journey.unreported, journey.course_gap_days) == (Unreported(2, 4), 3)
    assert [step.silence for step in steps].count(Silence.CALL_FIRST) == 1
    assert {step.asks for step in steps} == {Prompt.SEVERITY_0_3}


def test_the_shipped_dose_reminders() -> None:
    dose, missed = shipped("home_dose").steps
    assert (dose.id, dose.offset, dose.asks) == ("dose", Offset(), Prompt.DOSE)
    assert (missed.id, missed.offset, missed.only) == (
        "missed",
        Offset(days=1),
        frozenset({Only.UNANSWERED}),
    )
    assert (missed.message, missed.also_email) == ("dose_missed", True)


@pytest.mark.parametrize("language", CLINIC.languages)
def test_every_shipped_step_has_its_words_on_every_way_it_takes(language: str) -> None:
    for journey in load(SHIPPED):
        for step in journey.steps:
            ways = {*step.channels, *((EMAIL,) if step.also_email else ())}
            for message in filter(None, (step.message, step.first_message)):
                for way in ways:
                    assert MESSAGES.offers(message, language, way), (message, language, way)


def test_shipped_steps_do_not_overlap_nor_outlive_the_visit() -> None:
    start = datetime(2026, 6, 10, 13, 0, tzinfo=UTC)
    point = AnchorPoint(start, ZoneInfo("America/New_York"))
    for journey in load(SHIPPED):
        planned = steps_for(journey, point)
        for step, after in pairwise(planned):
            assert step.useful_until <= after.due_at, step.step.id
        if journey.name == "infusion_visit":
            assert planned[-1].useful_until == start
            assert planned[-1].due_at == start - timedelta(hours=2)
        elif journey.anchor is Anchor.VISIT_START:
            assert planned[-1].useful_until < start


def test_an_open_question_outlives_every_moment_its_text_may_still_go() -> None:
    for journey in load(SHIPPED):
        for step in journey.steps:
            assert step.asks is None or step.question_hours >= step.useful_hours, step.id


def test_the_digest_names_the_bytes_of_the_file() -> None:
    for journey in load(SHIPPED):
        content = (SHIPPED / f"{journey.name}.yaml").read_bytes()
        assert journey.digest == hashlib.sha256(content).hexdigest()[:16]
        assert journey.source == content.decode()


# --- for editors ----------------------------------------------------------------------------------


def test_the_schema_beside_the_journeys_is_current() -> None:
    kept = (SHIPPED / "journey.schema.json").read_text(encoding="utf-8")
    assert kept == json.dumps(journey_schema(), indent=2) + "\n", (
        "write json.dumps(journey_schema(), indent=2) and a line break into journey.schema.json"
    )


def test_every_journey_points_its_editor_to_the_schema() -> None:
    for file in SHIPPED.glob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=journey.schema.json"


def test_the_schema_explains_every_setting_but_the_list_of_steps() -> None:
    schema = journey_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, setting in model.get("properties", {}).items():
            assert "description" in setting or name == "steps", name


# --- what may be written --------------------------------------------------------------------------


def test_what_is_left_out_has_a_plain_meaning(save: Save) -> None:
    (journey,) = load(save(doses=DOSE))
    assert journey.purpose is Purpose.CARE
    assert journey.steps == (
        Step("dose", "dose_day", Offset(), useful_hours=12, channels=(SMS,), question_hours=0),
    )


def test_a_time_of_day_goes_with_days(save: Save) -> None:
    (journey,) = load(save(visit=VISIT))
    assert journey.steps[1].offset == Offset(days=-1, at=time(19))


def test_the_morning_of_the_visit_can_be_named(save: Save) -> None:
    text = VISIT.replace("{days: 1}\n    at: 19:00", "{days: 0}\n    at: 07:30")
    (journey,) = load(save(visit=text))
    assert journey.steps[1].offset == Offset(days=0, at=time(7, 30))


def test_hours_may_have_a_fraction(save: Save) -> None:
    (journey,) = load(save(visit=VISIT.replace("{days: 1}\n    at: 19:00", "{hours: 1.5}")))
    assert journey.steps[1].offset == Offset(hours=-1.5)


# --- what may not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (
            ("message: prep_3d", "message: prep_3days"),
            8,
            "steps.0.message: there is no message 'prep_3days'. Correct its name, or write it",
        ),
        (
            ("message: prep_3d", "message: prep_3d\n    first_visit_message: prep_first"),
            9,
            "steps.0.first_visit_message: there is no message 'prep_first'. Correct its name,",
        ),
        (
            ("[infusion]", "[infusion, transfusion]"),
            4,
            "kinds.1: 'transfusion' is not a kind of visit. Name one of those under services in"
            " clinic.yaml (home_dosing, infusion, laboratory, nurse_home, training), or add it",
        ),
        (("kinds: [infusion]\n", ""), 1, "kinds: must name at least one kind of visit"),
        (("[infusion]", "[]"), 4, "kinds: must name at least one kind of visit"),
        (("id: d1", "id: d3"), 12, "steps.1.id: 'd3' is the name of step 1 already. Choose"),
        (("id: d1", "id: Day 1"), 12, "steps.1.id: 'Day 1' is not a short name. Use small"),
        (("name: visit", "name: Visit!"), 1, "name: 'Visit!' is not a short name. Use small"),
        (
            ("    before: {days: 3}\n", ""),
            6,
            "steps.0: must say either before or after. Add one of them, such as before: {days: 7}",
        ),
        (
            ("before: {days: 3}", "before: {days: 3}\n    after: {days: 1}"),
            6,
            "steps.0: must say either before or after. Add one of them",
        ),
        (
            ("before: {days: 3}", "days: 3"),
            7,
            "steps.0.days: is not a setting that is known here. Remove it or correct",
        ),
        (
            ("before: {days: 3}", "befor: {days: 3}"),
            7,
            "steps.0.befor: is not a setting that is known here. Did you mean 'before'?",
        ),
        (
            ("before: {days: 3}", "after: {hours: 1}"),
            7,
            "steps.0.after: would prepare for a visit that has begun. Use before, or move the step",
        ),
        (
            ("{days: 3}", "{days: 0}"),
            7,
            "steps.0.before: is the visit's start itself. Give days or hours, or add at",
        ),
        (
            ("{days: 3}", "{days: 3, hours: 1}"),
            7,
            "steps.0.before: must be either days or hours. Write it as {days: 7} or {hours: 2}.",
        ),
        (("{days: 3}", "{}"), 7, "steps.0.before: must be either days or hours. Write it as"),
        (("{days: 3}", "3 days"), 7, "steps.0.before: should be an object"),
        (("{days: 3}", "{days: -3}"), 7, "steps.0.before.days: should be greater than or equal"),
        (("{days: 3}", "{days: 1.5}"), 7, "steps.0.before.days: should be a valid integer"),
        (("{days: 3}", "{hours: 0}"), 7, "steps.0.before.hours: should be greater than 0"),
        (("{days: 3}", "{days: 4000}"), 7, "steps.0.before.days: should be less than or equal"),
        (
            ("{days: 1}", "{hours: 5}"),
            14,
            "steps.1.at: goes with days alone, as hours are exact. Remove it.",
        ),
        (
            ("at: 19:00", "at: 7 pm"),
            14,
            "steps.1.at: '7 pm' is not a time of day. Write hours and minutes with two digits",
        ),
        (("at: 19:00", "at: 24:00"), 14, "steps.1.at: '24:00' is not a time of day."),
        (("at: 19:00", "at: 1900"), 14, "steps.1.at: '1900' is not a time of day."),
        (("useful_hours: 20", "useful_hours: 0"), 9, "steps.0.useful_hours: should be greater"),
        (("useful_hours: 20", "useful_hours: -1"), 9, "steps.0.useful_hours: should be greater"),
        (("    useful_hours: 20\n", ""), 6, "steps.0.useful_hours: is missing. Add it."),
        (("[sms, email]", "[sms, fax]"), 10, "steps.0.channels.1: should be 'sms' or 'email'."),
        (("[sms, email]", "[]"), 10, "steps.0.channels: tuple should have at least 1 item"),
        (("[sms, email]", "[sms, sms]"), 10, "steps.0.channels.1: 'sms' stands here twice."),
        (
            ("[sms, email]", "[email]"),
            11,
            "steps.0.asks: is answered by text. Add sms to channels, or ask nothing here.",
        ),
        (
            ("prompt: confirm", "prompt: agree"),
            11,
            "steps.0.asks.prompt: should be 'severity_0_3', 'redflag_yes_no', 'screen',"
            " 'confirm' or 'dose'. Correct it.",
        ),
        (("open_hours: 24", "open_hours: 0"), 11, "steps.0.asks.open_hours: should be greater"),
        ((", open_hours: 24", ""), 11, "steps.0.asks.open_hours: is missing. Add it."),
        (
            ("anchor: visit_start", "anchor: visit_end"),
            3,
            "anchor: should be 'visit_start', 'infusion_end', 'dose', 'occasion' or 'closure'."
            " Correct it.",
        ),
        (
            ("anchor: visit_start", "anchor: infusion_end"),
            7,
            "steps.0.before: cannot be known before the infusion has ended. Use after, or move",
        ),
        (
            ("anchor: visit_start", "anchor: dose"),
            4,
            "kinds: is for journeys about visits. Remove it, or change anchor.",
        ),
        (
            ("useful_hours: 20", "useful_hours: 20\n    only: unanswered"),
            10,
            "steps.0.only: 'unanswered' is for doses alone, or needs of: a step. Add of.",
        ),
        (
            ("useful_hours: 20", "useful_hours: 20\n    risks: [clots]"),
            10,
            "steps.0.risks.0: 'clots' is not a risk flag. Name one of those under risks in",
        ),
        (
            ("useful_hours: 20", "useful_hours: 20\n    only: newcomers"),
            10,
            "steps.0.only: 'newcomers' is no condition. Write one or several of 'first_visit',",
        ),
        (
            ("useful_hours: 20", "useful_hours: 20\n    only: [course_start, course_end]"),
            10,
            "steps.0.only: 'course_start' and 'course_end' cannot both hold. Keep one.",
        ),
        (
            ("useful_hours: 20", "useful_hours: 20\n    only: [first_visit, later_visits]"),
            10,
            "steps.0.only: holds for nobody. Keep first_visit or later_visits.",
        ),
        (
            ("useful_hours: 20", "useful_hours: 20\n    of: d1"),
            10,
            "steps.0.of: goes with only: unanswered or undelivered. Remove it.",
        ),
        (
            ("useful_hours: 20", "useful_hours: 20\n    only: unanswered\n    of: d9"),
            11,
            "steps.0.of: 'd9' is no other step here. Name one.",
        ),
        (
            (
                "useful_hours: 20",
                "useful_hours: 20\n    evening_before: {at: 19:00, covered_by: d9}",
            ),
            10,
            "steps.0.evening_before.covered_by: 'd9' is no other step here. Name one.",
        ),
        (
            ("title: Before a visit", "title: Before a visit\nunreported: {after_hours: 2}"),
            3,
            "unreported: is for anchor: infusion_end. Remove it.",
        ),
        (
            (
                "title: Before a visit",
                "title: Before a visit\nnotices:\n  revived: {id: d1, message: visit_on}",
            ),
            4,
            "notices.revived.id: 'd1' is the name of step 2 already. Choose another.",
        ),
        (
            (
                "useful_hours: 20",
                "useful_hours: 20\n    only: first_visit\n    first_visit_message: prep_1d",
            ),
            11,
            "steps.0.first_visit_message: needs a step that is for first and later visits alike.",
        ),
        (
            ("title: Before a visit", "title: Before a visit\npurpose: campaign"),
            3,
            "purpose: should be 'care', 'education' or 'marketing'. Correct it.",
        ),
        (("title: Before a visit", "title: ''"), 2, "title: string should have at least 1"),
    ],
)
def test_each_mistake_about_a_visit_is_told_at_its_line(
    change: tuple[str, str], line: int, told: str, save: Save
) -> None:
    assert VISIT.count(change[0]) == 1
    assert fault(save(visit=VISIT.replace(*change))).startswith(f"visit.yaml, line {line}: {told}")


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("only: first_visit", "steps.0.only: 'first_visit' is for visits alone. Remove it."),
        ("only: later_visits", "steps.0.only: 'later_visits' is for visits alone. Remove it."),
        (
            "first_visit_message: dose_day",
            "steps.0.first_visit_message: needs a step that is for first and later visits alike.",
        ),
    ],
)
def test_each_mistake_about_a_dose_is_told_at_its_line(added: str, told: str, save: Save) -> None:
    assert fault(save(doses=f"{DOSE}    {added}\n")).startswith(f"doses.yaml, line 9: {told}")


OCCASION = """\
name: matters
title: Matters
anchor: occasion
occasions: [authorization, shipment]
steps:
  - id: late
    after: {days: 0}
    message: shipment
    useful_hours: 12
"""


def test_an_occasion_is_named_in_place_of_a_kind_of_visit(save: Save) -> None:
    (journey,) = load(save(matters=OCCASION))
    assert journey.anchor is Anchor.OCCASION
    assert sorted(journey.kinds) == ["authorization", "shipment"]


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (("occasions: [authorization, shipment]\n", ""), 1, "occasions: must name at least one"),
        (("anchor: occasion", "anchor: dose"), 4, "occasions: goes with anchor: occasion alone."),
        (("[authorization, shipment]", "[birthday]"), 4, "occasions.0: should be 'enrolment',"),
        (
            ("occasions: [authorization, shipment]", "kinds: [infusion]"),
            4,
            "kinds: is for journeys about visits. Remove it, or change anchor.",
        ),
        (
            ("useful_hours: 12", "useful_hours: 12\n    asks: {prompt: dose, open_hours: 12}"),
            10,
            "steps.0.asks: is for visits and doses alone. Remove it.",
        ),
        (
            ("useful_hours: 12", "useful_hours: 12\n    only: first_visit"),
            10,
            "steps.0.only: 'first_visit' is for visits alone. Remove it.",
        ),
    ],
)
def test_each_mistake_about_an_occasion_is_told_at_its_line(
    change: tuple[str, str], line: int, told: str, save: Save
) -> None:
    text = OCCASION.replace(*change)
    assert fault(save(matters=text)).startswith(f"matters.yaml, line {line}: {told}")


def test_a_closed_day_is_told_of_after_staff_have_said_so(save: Save) -> None:
    text = VISIT.replace("anchor: visit_start", "anchor: closure")
    assert "steps.0.before: cannot be known before staff have said" in fault(save(visit=text))


def test_steps_are_needed(save: Save) -> None:
    text = DOSE[: DOSE.index("steps:")]
    assert fault(save(doses=text)) == "doses.yaml, line 1: steps: is missing. Add it."
    assert fault(save(doses=f"{text}steps: []\n")).startswith("doses.yaml, line 4: steps: tuple")


def test_two_journeys_cannot_have_one_name(save: Save) -> None:
    folder = save(a=DOSE, b=f"# a copy\n{DOSE}")
    assert fault(folder) == (
        "b.yaml, line 2: name: 'doses' is the name of a.yaml already. Choose another."
    )


def test_a_folder_that_is_missing_or_empty_or_holds_a_file_nobody_would_read(
    tmp_path: Path,
) -> None:
    assert "there is no such folder. Create it" in fault(tmp_path / "none")
    assert "holds no journey. Restore at least one .yaml file." in fault(tmp_path)
    (tmp_path / "doses.yml").write_text(DOSE, encoding="utf-8")
    assert fault(tmp_path) == "doses.yml: is not read. Let its name end in .yaml."

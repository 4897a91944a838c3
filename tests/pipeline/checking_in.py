"""Check-ins with their survey, as they are shipped, for the tests of what follows an answer."""

from dataclasses import replace
from datetime import timedelta

from outreach.configuration.journey_files import load_journeys
from outreach.configuration.survey_files import load_surveys
from outreach.pipeline.replies.survey import answers_in
from outreach.storage.models import SurveyResponse
from tests.pipeline.rows import messages, patient
from tests.worlds import CONFIG, PHONE, START, Bench, clinic, make_bench, templates

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def make_checking_bench(database_url: str) -> Bench:
    """The shipped check-ins and their survey; the visit was not the first and has no risk flag."""
    names = frozenset(templates().names())
    surveys = load_surveys(CONFIG / "surveys", clinic(), names)
    shipped = load_journeys(CONFIG / "journeys", clinic(), names, surveys)
    journeys = tuple(
        replace(journey, unconfirmed_hours=None)
        for journey in shipped
        if journey.name in {"infusion_visit", "infusion_checkin"}
    )
    return make_bench(database_url, journeys=journeys, surveys=surveys)


def ended(bench: Bench, *, name: str = "P1", visit: str = "A1", phone: str = PHONE) -> None:
    """An infusion of today has just ended; nothing was said of it before."""
    bench.book(bench.clock.now() + HOUR, patient=name, visit=visit, phone=phone)
    bench.to(bench.clock.now() + 5 * HOUR)
    bench.event(
        "infusion.completed",
        name,
        appointment={
            "ids": [{"system": "visit", "value": visit}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )


def asked(bench: Bench) -> None:
    """The check-in of the day after has just asked for the severity."""
    ended(bench)
    bench.to(START + 29 * HOUR)


def says(bench: Bench, body: str, after: timedelta = 2 * MINUTE) -> list[str]:
    """A text some time later; the messages that answered it."""
    before = len(answers(bench))
    bench.to(bench.clock.now() + after)
    bench.says(body)
    bench.run()
    return answers(bench)[before:]


def answers(bench: Bench) -> list[str]:
    """The templates that answered, in order."""
    return [row.template for row in messages(bench) if row.reply_id is not None]


def response(bench: Bench, name: str = "P1") -> SurveyResponse:
    """The newest answers to a check-in."""
    with bench.world.db.read() as unit:
        return unit.surveys.of_patient(patient(bench, name).id)[-1]


def values(bench: Bench) -> list[tuple[str, str]]:
    """What was answered, by question."""
    return [(one["question"], one["value"]) for one in answers_in(response(bench))]

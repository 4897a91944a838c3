"""Survey: how a check-in goes on after an answer: kept, asked further, asked once more, or ended.

It goes on only while nothing urgent is open, and never after a red flag. Whatever was answered is
kept, also of a check-in that ends half-way.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from outreach.domain.surveys import OPENING, Survey, SurveyQuestion, action_of, grade, numbers_in
from outreach.domain.triage.answers import OUT_OF_RANGE
from outreach.domain.triage.result import Action, Label, Prompt, Triage
from outreach.domain.triage.survey_answers import WORDS
from outreach.pipeline.world import World
from outreach.storage.models import (
    Conversation,
    ConversationStatus,
    Patient,
    Reply,
    ResponseStatus,
    SurveyResponse,
    Touchpoint,
)
from outreach.storage.unit import Unit

DONE = "auto_survey_done"
_ASK_AGAIN = {
    Prompt.SEVERITY_0_3: "auto_again_severity",
    Prompt.REDFLAG_YES_NO: "auto_again_yes_no",
    Prompt.SYMPTOM: "auto_again_which",
    Prompt.INTERFERENCE_0_4: "auto_again_limits",
}
"""The questions of check-ins, and what asks each once more."""
_STAFF_AFTER = timedelta(hours=2)
"""A number that could not be read is a person's after this long without a readable answer."""
_PRESSING = list(Action)
_URGENT = frozenset({Action.CALL_911, Action.CALL_988, Action.PAGE_1H})


@dataclass(frozen=True, slots=True)
class Further:
    """What answers a reply to a check-in instead of the usual automatic answer."""

    template: str | None = None
    question: UUID | None = None
    """The question that this text asks, or asks again."""
    reason_key: str = ""
    held_back: bool = False
    """Nothing for staff yet: it is asked again, and staff get it if no readable answer comes."""
    replies: tuple[UUID, ...] = ()
    """The earlier replies to the same check-in: what staff get of them is one item."""


NOTHING = Further()


def survey_of(world: World, row: Touchpoint) -> Survey | None:
    """The survey that goes on from what a touchpoint asked, as the files have it now."""
    for journey in world.journeys:
        if journey.name != row.journey:
            continue
        for step in (*journey.steps, *journey.notices.values()):
            if step.id == row.step and step.survey is not None:
                return world.surveys.get(step.survey)
    return None


def weigh(
    unit: Unit, world: World, answered: Conversation | None, result: Triage, language: str | None
) -> Triage:
    """What an answer means within its check-in: never less than what it means alone.

    A number of the list is as pressing as the words it stands for; one that is not on the list is
    no answer. How much it limits gives, with the severity, the composite grade.
    """
    if answered is None or result.answer is None or answered.question == "":
        return result
    row = unit.ledger.touchpoints([answered.touchpoint_id])[answered.touchpoint_id]
    survey = survey_of(world, row)
    if survey is None:
        return result
    if answered.prompt is Prompt.SYMPTOM and (numbers := numbers_in(result.answer)) is not None:
        return _by_words(world, survey, numbers, result, language)
    if answered.prompt is Prompt.INTERFERENCE_0_4:
        response = unit.surveys.of_touchpoint(row.id)
        severity = None if response is None else _values(response).get(OPENING)
        composite = grade(severity, result.answer)
        return _raised(result, action_of(composite or 0), f"composite grade {composite}")
    return result


def _by_words(
    world: World, survey: Survey, numbers: list[int], result: Triage, language: str | None
) -> Triage:
    chosen = survey.chosen(numbers)
    if chosen is None:
        if result.urgent:
            return replace(result, answer=None)
        return replace(
            result,
            answer=None,
            label=OUT_OF_RANGE.label,
            action=OUT_OF_RANGE.action,
            concepts=(OUT_OF_RANGE.concept,),
            staff=True,
            reason="unclear, action same day; a number that is not on the list.",
        )
    otherwise = world.clinic.default_language
    words = [one.words.get(language or otherwise, one.words[otherwise]) for one in survey.symptoms]
    for number in numbers:
        meant = world.triage.triage(words[number - 1], language, None)
        result = _raised(result, meant.action, f"chose {words[number - 1]}")
    return result


def _raised(result: Triage, action: Action, why: str) -> Triage:
    """The same, at least as pressing as an action; what it says of why is for staff."""
    reason = f"{result.reason} It {why}." if why.startswith("chose") else f"{result.reason} {why}."
    if _PRESSING.index(action) >= _PRESSING.index(result.action):
        return replace(result, reason=reason)
    urgent = action in _URGENT
    label = result.label
    if urgent or action is Action.SAME_DAY:
        label = Label.URGENT if urgent else Label.SYMPTOM_MODERATE
    return replace(result, label=label, urgent=urgent, action=action, staff=True, reason=reason)


def go_on(
    unit: Unit,
    world: World,
    reply: Reply,
    answered: Conversation | None,
    result: Triage,
    people: Iterable[Patient],
    *,
    silent: bool,
) -> Further:
    """Keeps an answer and decides what comes next; ``people``: whoever may have written."""
    counts = answered is not None and answered.prompt in _ASK_AGAIN
    response = None
    if answered is not None and counts and result.answer is not None:
        response = _keep(unit, world, reply, answered, result.answer)
    if result.urgent or result.opt_out:
        unit.flush()
        for patient in people:
            unit.surveys.stop(patient.id, world.clinic_now())
        return _said_before(response, reply)
    if answered is None or not counts or silent:
        return _said_before(response, reply)
    if result.answer is None:
        return _ask_again(unit, world, reply, answered, result)
    return NOTHING if response is None else _next(unit, world, reply, answered, response)


def amend(unit: Unit, world: World, reply: Reply, question: Conversation, value: str) -> None:
    """A second text within the minute says more to a question that was answered: both are kept."""
    _keep(unit, world, reply, question, value)


def _said_before(response: SurveyResponse | None, reply: Reply) -> Further:
    return NOTHING if response is None else Further(replies=_replies(response, reply))


def _ask_again(
    unit: Unit, world: World, reply: Reply, asked: Conversation, result: Triage
) -> Further:
    """Once, in place of the usual answer. Words that nobody understood go to staff all the same.

    Nothing is asked again while something urgent is open: then staff get it at once.
    """
    unread = result.label is Label.UNCLEAR and not reply.media
    if not unread or result.help or result.opt_in or asked.status is not ConversationStatus.OPEN:
        return NOTHING
    reply.conversation_id = asked.id
    unit.flush()
    if asked.again_at is not None or unit.followups.urgent_of([asked.patient_id]):
        asked.staff_at = None
        return NOTHING
    now = world.clinic_now()
    asked.again_at = now
    a_number = OUT_OF_RANGE.concept in result.concepts
    if a_number:
        asked.staff_at = min(now + _STAFF_AFTER, asked.closes_at)
    return Further(
        _ASK_AGAIN[asked.prompt],
        asked.id,
        f"conversation:{asked.id.hex}:again",
        held_back=a_number,
    )


def _next(
    unit: Unit, world: World, reply: Reply, answered: Conversation, response: SurveyResponse
) -> Further:
    replies = _replies(response, reply)
    row = unit.ledger.touchpoints([answered.touchpoint_id])[answered.touchpoint_id]
    survey = survey_of(world, row)
    if survey is None or response.status is not ResponseStatus.OPEN:
        return Further(replies=replies)
    now = world.clinic_now()
    coming = survey.next_question(_values(response))
    if coming is None:
        response.status, response.ended_at = ResponseStatus.COMPLETE, now
        return Further(DONE if answered.question else None, replies=replies)
    unit.flush()
    if response.patient_id in unit.followups.urgent_of([response.patient_id]):
        response.status, response.ended_at = ResponseStatus.STOPPED, now
        return Further(replies=replies)
    asked = _question(world, answered, coming, now)
    if not unit.add_new(asked):
        return Further(replies=replies)
    key = f"survey:{response.id.hex}:{coming.id}"
    return Further(coming.message, asked.id, key, replies=replies)


def _question(
    world: World, answered: Conversation, coming: SurveyQuestion, now: datetime
) -> Conversation:
    return Conversation(
        id=world.new_id(),
        patient_id=answered.patient_id,
        touchpoint_id=answered.touchpoint_id,
        address_index=answered.address_index,
        prompt=coming.prompt,
        status=ConversationStatus.WAITING,
        question=coming.id,
        opened_at=now,
        closes_at=now + timedelta(hours=coming.open_hours),
    )


def _keep(
    unit: Unit, world: World, reply: Reply, answered: Conversation, value: str
) -> SurveyResponse | None:
    """One more answer of a check-in; None where its step names no survey."""
    row = unit.ledger.touchpoints([answered.touchpoint_id])[answered.touchpoint_id]
    survey = survey_of(world, row)
    if survey is None:
        return None
    unit.flush()
    response = unit.surveys.of_touchpoint(row.id)
    if response is None:
        response = SurveyResponse(
            id=world.new_id(),
            patient_id=answered.patient_id,
            touchpoint_id=row.id,
            survey=survey.name,
            digest=survey.digest,
            status=ResponseStatus.OPEN,
            answers=json.dumps({"answers": [], "composite": None}),
            started_at=world.clinic_now(),
        )
        unit.add(response)
    kept = json.loads(response.answers)
    kept["answers"].append(_answer(world, survey, reply, answered, value))
    response.answers = json.dumps(kept)
    values = _values(response)
    limits = [one.id for one in survey.questions if one.prompt is Prompt.INTERFERENCE_0_4]
    kept["composite"] = grade(values.get(OPENING), values.get(limits[0]) if limits else None)
    response.answers = json.dumps(kept)
    return response


def _answer(
    world: World, survey: Survey, reply: Reply, answered: Conversation, value: str
) -> dict[str, Any]:
    """What is written back later: the item, its value, what was chosen, and words in full."""
    entry: dict[str, Any] = {
        "question": answered.question or OPENING,
        "prompt": answered.prompt.value,
        "value": value,
        "reply": reply.id.hex,
        "at": world.clinic_now().isoformat(),
    }
    numbers = numbers_in(value) if answered.prompt is Prompt.SYMPTOM else None
    if numbers is not None:
        entry["chosen"] = survey.chosen(numbers)
    if value == WORDS:
        entry["words"] = reply.body
    return entry


def answers_in(response: SurveyResponse) -> list[dict[str, Any]]:
    """Every answer of a check-in, in the order in which they came."""
    found: list[dict[str, Any]] = json.loads(response.answers)["answers"]
    return found


def composite_of(response: SurveyResponse) -> int | None:
    """The composite grade of what was answered so far, 0 to 3."""
    found: int | None = json.loads(response.answers)["composite"]
    return found


def _values(response: SurveyResponse) -> dict[str, str]:
    """The answer that counts, by question: the last one."""
    return {str(one["question"]): str(one["value"]) for one in answers_in(response)}


def _replies(response: SurveyResponse, reply: Reply) -> tuple[UUID, ...]:
    found = (UUID(one["reply"]) for one in answers_in(response))
    return tuple(dict.fromkeys(one for one in found if one != reply.id))

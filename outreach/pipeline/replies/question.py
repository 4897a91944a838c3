"""Question: which of the open questions a reply answers, and what it means under that one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from outreach.domain.triage.result import Prompt, Triage
from outreach.domain.triage.survey_answers import WORDS
from outreach.pipeline.world import World
from outreach.storage.models import Conversation, ConversationStatus, Patient, Reply
from outreach.storage.unit import Unit

_MORE_TO_SAY = timedelta(hours=72)
"""For so long after a question about a dose, and until the next, a further word is about it."""
_BY_WORD = frozenset({Prompt.CONFIRM, Prompt.DOSE})
"""These are answered by a word of their own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever wrote was asked lately. Both lists are newest first."""

    open: Sequence[Conversation]
    """The questions of the one person this reply can be from; empty when it may be two."""
    ambiguous: Sequence[Conversation]
    """The open questions of several people: nothing says whose answer this is."""
    screens: Sequence[Conversation]
    """Every question before a visit at this address whose time is not over, answered ones too."""
    doses: Sequence[Conversation] = ()
    """Every question about a home dose that was asked at this address lately."""


def asked_of(unit: Unit, world: World, reply: Reply, people: Sequence[Patient]) -> Asked:
    """What this address was asked.

    Where two people who share it have open questions, nothing says whose answer this is. A
    question before a visit that one person answered already gives a second word its meaning too.
    """
    now = world.clinic_now()
    rows = unit.replies.questions_at(reply.address_index, now, now - _MORE_TO_SAY)
    waiting = [
        row
        for row in rows
        if row.status is ConversationStatus.OPEN
        and row.closes_at > now
        # nobody answers a further question before it was asked
        and (row.question == "" or row.opened_at <= reply.received_at)
    ]
    screens = [
        row
        for row in rows
        if row.prompt is Prompt.SCREEN
        and row.status is not ConversationStatus.EXPIRED
        and row.closes_at > now
    ]
    doses = [
        row for row in rows if row.prompt is Prompt.DOSE and row.opened_at > now - _MORE_TO_SAY
    ]
    if not waiting and len(people) <= 1:
        waiting = screens
    alone = len({row.patient_id for row in waiting}) == 1
    return Asked(waiting if alone else [], [] if alone else waiting, screens, doses)


def read(
    world: World, reply: Reply, language: str | None, asked: Asked
) -> tuple[Conversation | None, Triage]:
    """The newest question that the text answers, and the text's meaning under it.

    Almost any words say which symptom it is; where they are the very words that an older question
    waits for (LATE, to a home dose), they answer that one. Where the text answers none, the newest
    question still says how it is read.
    """
    readings: dict[Prompt, Triage] = {}
    in_words: tuple[Conversation, Triage] | None = None
    for question in asked.open:
        if question.prompt not in readings:
            result = world.triage.triage(reply.body, language, question.prompt)
            if result.answer == WORDS:
                in_words = in_words or (question, result)
            elif result.answer is not None and (not in_words or question.prompt in _BY_WORD):
                return question, result
            readings[question.prompt] = result
    if in_words is not None:
        return in_words
    if not asked.open:
        return None, _of_nobody(world, reply, language, asked)
    newest = asked.open[0]
    return newest, readings[newest.prompt]


def _of_nobody(world: World, reply: Reply, language: str | None, asked: Asked) -> Triage:
    """What a reply means that answers no one person's question.

    It is no answer; but where it would be an emergency under any of the questions, whoever's it is,
    it is one: "3" from one of two who were asked how they feel.
    """
    alone = world.triage.triage(reply.body, language, None)
    if alone.urgent:
        return alone
    for prompt in sorted({question.prompt for question in asked.ambiguous}):
        result = world.triage.triage(reply.body, language, prompt)
        if result.urgent:
            return replace(result, answer=None)
    return alone


def screens_of(asked: Asked, patient_id: UUID) -> list[Conversation]:
    """The questions before a visit that one patient was asked here."""
    return [row for row in asked.screens if row.patient_id == patient_id]


def close(question: Conversation, result: Triage) -> None:
    """It is answered; what it was told is kept as a word of ours, never the patient's."""
    question.status = ConversationStatus.ANSWERED
    question.staff_at = None
    question.answer = (result.answer or "")[:40]

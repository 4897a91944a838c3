"""Burst: the texts of one sender within a minute are read together, and are one matter for staff.

What they mean together can only raise the urgency: a red flag that stands alone is acted on before
anything is put together, and nothing that follows takes it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from outreach.domain.triage.result import Action, Prompt, Triage
from outreach.pipeline.faults import ROW_AT_FAULT
from outreach.pipeline.replies import survey
from outreach.pipeline.replies.question import Asked
from outreach.pipeline.world import World
from outreach.storage.models import Conversation, Reply
from outreach.storage.unit import Unit

WITHIN = timedelta(minutes=1)
_MOST = 10
"""No more texts than this are put together."""
_TOO_SOON = timedelta(seconds=5)
"""An answer that comes so soon after a question left may be a second word to the one before."""
_PRESSING = list(Action)
_SAID = " Read together with the texts of the minute before."


@dataclass(frozen=True, slots=True)
class Together:
    """What a reply means with those of the minute before."""

    result: Triage
    question: Conversation | None = None
    """A question that was answered before and is answered anew by the texts together..."""
    value: str = ""
    """...with this."""


def texts_around(unit: Unit, reply: Reply) -> list[Reply]:
    """The other texts of the minute before, by time; one that cannot be opened is left out.

    One that came later and was read first belongs to them too: two may arrive at one instant.
    """
    found: list[Reply] = []
    since, until = reply.received_at - WITHIN, reply.received_at + WITHIN
    for reply_id in unit.replies.lately_from(reply.address_index, since, until):
        if reply_id == reply.id:
            continue
        try:
            row = unit.replies.reply(reply_id)
        except ROW_AT_FAULT:
            continue  # staff get that one by itself
        if row is not None and (_place(row) < _place(reply) or row.triaged_at is not None):
            found.append(row)
    return found[-_MOST:]


def together(
    unit: Unit,
    world: World,
    reply: Reply,
    language: str | None,
    asked: Asked,
    answered: Conversation | None,
    alone: Triage,
    others: Sequence[Reply],
) -> Together:
    """The meaning of a reply alone, or with ``others``, whichever is more pressing.

    It is raised only above what each of the others was taken for by itself, so that a red flag of a
    minute ago is no second one.
    """
    if not others:
        return Together(alone)
    best = Together(world.triage.triage(_joined([*others, reply]), language, None))
    for question in _questions(unit, reply, asked, answered, alone, others):
        mine = [row for row in others if row.conversation_id in {None, question.id}]
        alike = world.triage.triage(_joined([*mine, reply]), language, question.prompt)
        read = survey.weigh(unit, world, question, alike, language)
        if _more(read.action, best.result.action):
            again = question.id if read.answer is not None else None
            best = Together(read, question if again else None, read.answer or "")
    known = [alone.action, *(row.action for row in others if row.action is not None)]
    if not all(_more(best.result.action, action) for action in known):
        return Together(alone)
    raised = replace(
        best.result,
        answer=alone.answer,
        opt_out=alone.opt_out,
        opt_in=alone.opt_in,
        help=alone.help,
        staff=True,
        findings=(),  # their places are those in the texts together
        reason=best.result.reason + _SAID,
    )
    return Together(raised, best.question, best.value)


def _questions(
    unit: Unit,
    reply: Reply,
    asked: Asked,
    answered: Conversation | None,
    alone: Triage,
    others: Sequence[Reply],
) -> list[Conversation]:
    """The questions under which the texts may be one answer."""
    ids = {row.conversation_id for row in others if row.conversation_id is not None}
    settled = (
        answered is not None
        and alone.answer is not None
        and answered.id not in ids
        and answered.opened_at + _TOO_SOON <= reply.received_at
    )
    before = {} if settled or not ids else unit.replies.questions(ids)
    found = [row for row in before.values() if row.prompt is not Prompt.SCREEN]
    if alone.answer is None:
        found += [row for row in asked.open[:1] if row.id not in before]
    return found


def _joined(rows: Sequence[Reply]) -> str:
    return " ".join(row.body.strip() for row in sorted(rows, key=_place))


def _place(row: Reply) -> tuple[object, UUID]:
    return row.received_at, row.id


def _more(one: Action, other: Action) -> bool:
    return _PRESSING.index(one) < _PRESSING.index(other)

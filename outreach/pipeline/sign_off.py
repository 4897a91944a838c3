"""Sign-off: a text that nobody approved waits, and staff are told what to do about it.

Asked by ``send`` just before a text is composed. What waits is asked about again every few minutes:
it goes once it is approved if it is still of use, and ends as ``late`` if not, so that a check-in
becomes a call.
"""

from dataclasses import replace
from datetime import timedelta

from outreach.domain.approvals import Role
from outreach.domain.errors import OutreachError
from outreach.domain.policy import Decision
from outreach.domain.states import Purpose, SkipReason
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.facts.reading import FROM_STAFF
from outreach.pipeline.faults import ROW_AT_FAULT
from outreach.pipeline.replies.answer import RED_FLAG_ANSWERS
from outreach.pipeline.world import World
from outreach.storage.models import Message, Touchpoint
from outreach.storage.unit import Unit

ASK_AGAIN = timedelta(minutes=5)
"""How long a text waits before it is asked about again (clinic time)."""

_WAITS = "Its text waits for approval: see 'outreach doctor'."
_WAITED = "It waited until its text was approved."
_TOO_LATE = "Its text was not approved in time."
_UNREADABLE: tuple[type[Exception], ...] = (*ROW_AT_FAULT, OSError)
"""However the approvals cannot be read: somebody in danger must be answered all the same."""
_OUT_OF_TIME = frozenset({SkipReason.LATE, SkipReason.QUIET_HOURS})


def may_go(
    unit: Unit, world: World, message: Message, row: Touchpoint | None, language: str
) -> bool:
    """Whether a message may go in ``language`` as its text is now; tells staff where it lacks
    approval.

    Pages to staff need none, nor does what a person writes. The answer to a red flag goes all the
    same: an unread text is better than none for somebody in danger. ``row`` is the message's
    touchpoint.
    """
    if message.purpose is Purpose.STAFF or message.template == FROM_STAFF:
        return True
    try:
        roles = world.sign_off.lacking(message.template, language, message.channel)
    except _UNREADABLE as error:
        known = isinstance(error, OutreachError)
        why = str(error) if known else f"({type(error).__name__}) Run 'outreach doctor'."
        _tell(unit, world, "file", f"It is not known which texts are approved. {why}")
    else:
        if not roles:
            if row is not None and row.note == _WAITS:
                row.note = _WAITED
            return True
        sentence = _sentence(message, language, roles)
        _tell(unit, world, f"{message.template}:{language}", sentence)
    if _answers_red_flag(message):
        return True
    if row is not None:
        row.note = _WAITS
    return False


def explained(row: Touchpoint, decision: Decision) -> Decision:
    """A decision against a touchpoint, saying that approval came too late where it did."""
    waited = row.note == _WAITS and decision.reason in _OUT_OF_TIME
    return replace(decision, why=_TOO_LATE, source="") if waited else decision


def _answers_red_flag(message: Message) -> bool:
    return message.purpose is Purpose.REPLY and message.template in RED_FLAG_ANSWERS


def _sentence(message: Message, language: str, roles: tuple[Role, ...]) -> str:
    which = f"{message.template} --language {language}"
    approve = " and ".join(
        f"'outreach messages approve {which} --role {role.value} --by NAME'" for role in roles
    )
    effect = (
        "It answers red flags and goes all the same."
        if _answers_red_flag(message)
        else "Until then it goes to no patient."
    )
    return (
        f"The text '{message.template}' ({language}) is not approved by a "
        f"{' or a '.join(role.value for role in roles)}. {effect} Read it with "
        f"'outreach messages preview {which}', then run {approve}."
    )


def _tell(unit: Unit, world: World, what: str, sentence: str) -> None:
    """One item a day for each text."""
    day = world.clinic_now().date().isoformat()
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"operator:sign_off:{what}:{day}",
            kind="operator",
            action=Action.SAME_DAY,
            summary=sentence,
        ),
    )

"""The call worklist: which items are calls, and why each patient is called and not texted."""

from collections.abc import Sequence
from enum import StrEnum

NO_SHOW = "no_show"
"""The kind of the item that a missed visit leaves."""
NOT_REACHED = "not reached"
"""What the history of an item says of a call that nobody took."""

CALL_KINDS = frozenset({"call_patient", "silent", "unconfirmed", "paused_check_in", NO_SHOW})
"""Items that are a call whatever the patient's record says."""
_SAID_BY_KIND = {
    "silent": "silent",
    "unconfirmed": "unconfirmed",
    "paused_check_in": "paused",
    NO_SHOW: "no_show",
}


class CallReason(StrEnum):
    """Why somebody is phoned."""

    OPTED_OUT = "opted_out"
    NO_MOBILE = "no_mobile"
    LANGUAGE = "language"
    SILENT = "silent"
    UNCONFIRMED = "unconfirmed"
    NO_SHOW = "no_show"
    PAUSED = "paused"
    NOT_SENT = "not_sent"


SENTENCES = {
    CallReason.OPTED_OUT: "Asked us to stop texting",
    CallReason.NO_MOBILE: "No number that takes texts",
    CallReason.LANGUAGE: "No message in their language: take an interpreter",
    CallReason.SILENT: "Did not answer",
    CallReason.UNCONFIRMED: "Has not confirmed",
    CallReason.NO_SHOW: "Did not come",
    CallReason.PAUSED: "Outreach is paused",
    CallReason.NOT_SENT: "A message did not go or did not arrive",
}
"""What staff read."""


def cannot_be_texted(opted_out: Sequence[bool], *, speaks: bool) -> CallReason | None:
    """Why no text of any kind reaches a patient now; None where one does.

    An opt-out is told before all else: whoever phones must know of it.

    Args:
        opted_out: of each phone that may be used for texts, whether it has opted out.
        speaks: the clinic writes in the patient's language.
    """
    if not opted_out:
        return CallReason.NO_MOBILE
    if all(opted_out):
        return CallReason.OPTED_OUT
    return None if speaks else CallReason.LANGUAGE


def reason_of(kind: str, unreachable: CallReason | None) -> CallReason:
    """Why an item is a call: what happened, else what keeps texts from the patient now."""
    said = _SAID_BY_KIND.get(kind)
    if said is not None:
        return CallReason(said)
    return unreachable or CallReason.NOT_SENT

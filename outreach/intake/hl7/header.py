"""MSH (and EVN): what kind of message it is, when it was sent, and the name of its event."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from outreach.domain.errors import BadInput
from outreach.intake.hl7.message import Message
from outreach.intake.hl7.times import hl7_moment
from outreach.intake.interface import Arrival

_TRIGGERED = frozenset({"SIU", "ADT"})
_TRIGGER = re.compile(r"[A-Z][0-9]{2}")


@dataclass(frozen=True, slots=True)
class Header:
    """What the first segment says."""

    kind: str
    """MSH-9.1, for example ``SIU``."""
    trigger: str
    """MSH-9.2, for example ``S12``; from EVN-1 when the header lacks it."""
    event_id: str
    """MSH-10, or a digest of the message when that is empty."""
    sent_at: datetime
    """MSH-7 in UTC, or the arrival."""
    facility: str
    """MSH-4.1."""


def read_header(message: Message, raw: bytes, arrival: Arrival) -> Header:
    """The header of ``message``.

    Raises:
        BadInput: 202 or 203 for a processing id or version that is not taken; 201 when EVN-1
            names another event than MSH-9, so that nobody can say what happened; 101 without
            a message type.
    """
    msh = message.first("MSH")
    _check_version(message, arrival)
    kind, trigger = _kind_and_trigger(message)
    return Header(
        kind=kind,
        trigger=trigger,
        event_id=_event_id(message, raw),
        sent_at=_sent_at(message, arrival),
        facility=message.value(msh, 4),
    )


def _check_version(message: Message, arrival: Arrival) -> None:
    msh = message.first("MSH")
    if message.value(msh, 11).upper() not in arrival.settings.processing_ids:
        raise BadInput("202", "MSH-11: this interface does not take this processing id")
    version = message.value(msh, 12)
    if version and not version.startswith("2"):
        raise BadInput("203", "MSH-12: not a version 2 message")


def _kind_and_trigger(message: Message) -> tuple[str, str]:
    """MSH-9.1 and MSH-9.2; some write both into the first as ``SIU_S12``."""
    msh = message.first("MSH")
    kind, _, joined = message.value(msh, 9).upper().partition("_")
    if not kind:
        raise BadInput("101", "MSH-9: no message type")
    header = message.value(msh, 9, 2).upper() or joined
    body = message.value(message.first("EVN"), 1).upper()
    if header and _TRIGGER.fullmatch(body) and body != header:
        raise BadInput("201", "EVN-1 and MSH-9 name different events")
    if kind in _TRIGGERED and not (header or body):
        raise BadInput("101", "MSH-9: no trigger event")
    return kind, header or body


def _event_id(message: Message, raw: bytes) -> str:
    control_id = message.value(message.first("MSH"), 10)
    if control_id:
        return control_id
    message.notes.append("MSH-10: empty; a digest of the message stands in for it")
    return "sha256:" + hashlib.sha256(raw).hexdigest()[:32]


def _sent_at(message: Message, arrival: Arrival) -> datetime:
    text = message.value(message.first("MSH"), 7)
    if not text:
        return arrival.received_at
    facility = message.value(message.first("MSH"), 4)
    _, zone = arrival.zone_at((facility,) if facility else ())
    try:
        return hl7_moment(text, zone, "MSH-7").at
    except BadInput:
        message.notes.append("MSH-7: not a time that exists; the time of arrival was taken")
        return arrival.received_at

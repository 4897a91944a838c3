"""Bytes that hold HL7 v2 messages -> parsed items, one bad message never spoiling the next."""

from outreach.domain.errors import BadInput
from outreach.domain.events import ItemKind, ParsedItem, Problem
from outreach.intake.hl7 import adt, siu
from outreach.intake.hl7.framing import split_messages
from outreach.intake.hl7.header import read_header
from outreach.intake.hl7.message import Message
from outreach.intake.interface import Arrival


def read_hl7(raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    """The items of a message, a batch, a list of messages or a recording of MLLP frames."""
    items: list[ParsedItem] = []
    for message in split_messages(raw):
        items += read_message(message, arrival)
        if len(items) > arrival.settings.max_items:
            problem = Problem("207", "more messages in one arrival than this interface takes")
            return [*items, ParsedItem(ItemKind.REJECTED, b"", "", problem=problem)]
    return items


def read_message(raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    """The items of one message whose segments end in CR: one, or one per pair of a merge."""
    trigger = ""
    notes: list[str] = []
    try:
        message = Message(raw, arrival.settings)
        notes = message.notes
        trigger = message.value(message.first("MSH"), 9, 2).upper()
        header = read_header(message, raw, arrival)
        trigger = header.trigger or header.kind
        if header.kind == "SIU" and header.trigger in siu.TRIGGERS:
            found = [siu.visit_event(message, header, arrival)]
        elif header.kind == "ADT" and header.trigger in adt.TRIGGERS:
            found = adt.patient_events(message, header, arrival)
        else:
            return [ParsedItem(ItemKind.IGNORED, raw, trigger, warnings=tuple(notes))]
    except BadInput as error:
        problem = Problem(error.code, error.message)
        return [ParsedItem(ItemKind.REJECTED, raw, trigger, problem=problem, warnings=tuple(notes))]
    warnings = tuple(dict.fromkeys(notes))
    return [ParsedItem(kind, raw, trigger, event, warnings=warnings) for kind, event in found]

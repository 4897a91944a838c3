"""Follow-ups as staff read them: who, what they wrote, why it is here, and how long is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers

from outreach.domain.events import ContactRole
from outreach.domain.people import WHOSE
from outreach.domain.states import ChannelKind, FollowUpStatus, Priority
from outreach.domain.triage.result import Action
from outreach.pipeline.facts.reach import who_is_written_to
from outreach.pipeline.world import World
from outreach.rendering import local_time
from outreach.storage.models import ContactPoint, FollowUp, FollowUpNote, Patient, Reply
from outreach.storage.unit import Unit
from outreach.web.pictures import PictureView, pictures_of

MOST_SHOWN = 200

_PRIORITY_WORDS = {
    Priority.URGENT: "Urgent",
    Priority.SAME_DAY: "Today",
    Priority.ROUTINE: "Routine",
}
_ACTION_WORDS = {
    Action.CALL_911: "Possible emergency. Phone the patient now.",
    Action.CALL_988: "Possible crisis. Phone the patient now.",
    Action.PAGE_1H: "A nurse should phone the patient soon.",
    Action.SAME_DAY: "To be answered today.",
    Action.ROUTINE: "To be answered in the normal course.",
    Action.NONE: "For your information.",
}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Past:
    """One thing that happened to an item."""

    at: str
    what: str
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class FollowUpView:
    """One item, in words and clinic time."""

    code: str
    kind: str
    priority: str
    priority_word: str
    action_word: str
    summary: str
    due: str
    left: str
    late: bool
    created: str
    taken_by: str
    is_open: bool
    is_closed: bool
    patient: str
    phone: str
    """As staff dial it; empty when none is known."""
    phone_link: str
    phone_whose: str
    """Whose number it is, where it is not the patient's own."""
    reply: str | None
    reply_at: str
    pictures: tuple[PictureView, ...]
    reason: str
    """Why triage said so; empty for items that are about no reply."""
    paged: int
    history: tuple[Past, ...] = ()


@dataclass(frozen=True, slots=True)
class Worklist:
    """The list and the figures above it."""

    items: tuple[FollowUpView, ...]
    urgent: int
    late: int
    more: bool
    """There are more items than are shown."""
    now: str


def worklist(world: World) -> Worklist:
    """What waits for staff, the most pressing first.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with world.db.read() as unit:
        rows = unit.followups.worklist(limit=MOST_SHOWN + 1)
        shown = _views(unit, world, rows[:MOST_SHOWN])
    now = world.clinic_now().astimezone(world.clinic.zone)
    return Worklist(
        items=tuple(shown),
        urgent=sum(item.priority == Priority.URGENT for item in shown),
        late=sum(item.late for item in shown),
        more=len(rows) > MOST_SHOWN,
        now=f"{local_time.day(now, 'en')}, {local_time.clock(now, 'en')}",
    )


def one(world: World, code: str) -> FollowUpView | None:
    """One item with its history; None when no item has this code.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with world.db.read() as unit:
        row = unit.followups.by_code(code.strip().upper())
        if row is None:
            return None
        return _views(unit, world, [row], with_history=True)[0]


def _views(
    unit: Unit, world: World, rows: list[FollowUp], *, with_history: bool = False
) -> list[FollowUpView]:
    patients = unit.people.patients({row.patient_id for row in rows if row.patient_id is not None})
    replies = unit.replies.by_ids({row.reply_id for row in rows if row.reply_id is not None})
    contacts = who_is_written_to(unit, world, patients).contacts
    views = []
    for row in rows:
        patient = patients.get(row.patient_id) if row.patient_id else None
        reply = replies.get(row.reply_id) if row.reply_id else None
        phone, whose = _phone(unit, row.patient_id, reply, contacts)
        name = _name(patient) if patient is not None else _anybody(unit, reply)
        notes = unit.followups.notes_of(row.id) if with_history else []
        others = {note.reply_id for note in notes if note.reply_id not in {None, row.reply_id}}
        said = unit.replies.by_ids({reply_id for reply_id in others if reply_id is not None})
        pictures = pictures_of(unit, row, reply, notes)
        views.append(_view(world, row, name, reply, phone, whose, notes, said, pictures))
    return views


def _phone(
    unit: Unit,
    patient_id: UUID | None,
    reply: Reply | None,
    contacts: dict[UUID, list[ContactPoint]],
) -> tuple[str, str]:
    """The number that wrote, else the first that is used; and whose it is, if not the patient's.

    One that takes no texts, or may get none, may still ring.
    """
    if reply is not None and reply.channel is ChannelKind.SMS:
        return reply.address, ""
    if patient_id is None:
        return "", ""
    for known in (contacts.get(patient_id, []), unit.people.all_contacts(patient_id)):
        for row in known:
            if row.channel is ChannelKind.SMS:
                return row.address, "" if row.role is ContactRole.SELF else WHOSE[row.role]
    return "", ""


def _anybody(unit: Unit, reply: Reply | None) -> str:
    """Everybody who may have written, where several patients share the phone."""
    people = [] if reply is None else unit.people.at_address(reply.address_index)
    return " or ".join(_name(patient) for patient in people) if len(people) > 1 else ""


def _view(
    world: World,
    row: FollowUp,
    name: str,
    reply: Reply | None,
    phone: str,
    whose: str,
    notes: list[FollowUpNote],
    said: Mapping[UUID, Reply],
    pictures: tuple[PictureView, ...],
) -> FollowUpView:
    now, zone = world.clinic_now(), world.clinic.zone
    explanation = (reply.explanation if reply is not None else None) or {}
    return FollowUpView(
        code=row.code,
        kind=row.kind,
        priority=row.priority,
        priority_word=_PRIORITY_WORDS[row.priority],
        action_word=_ACTION_WORDS[row.action],
        summary=_sentence(row.summary),
        due=moment(row.due_at, now, zone),
        left=time_left(row.due_at - now),
        late=row.due_at < now and row.status is not FollowUpStatus.CLOSED,
        created=moment(row.created_at, now, zone),
        taken_by=readable(row.assignee or ""),
        is_open=row.status is FollowUpStatus.OPEN,
        is_closed=row.status is FollowUpStatus.CLOSED,
        patient=name,
        phone=dialled(phone, world.clinic.region),
        phone_link=phone,
        phone_whose=whose,
        reply=None if reply is None else readable(reply.body),
        reply_at="" if reply is None else moment(reply.received_at, now, zone),
        pictures=pictures,
        reason=_sentence(str(explanation.get("reason", ""))),
        paged=row.level,
        history=tuple(_past(note, said, now, zone) for note in notes),
    )


def _past(note: FollowUpNote, said: Mapping[UUID, Reply], now: datetime, zone: ZoneInfo) -> Past:
    """One line of the history, with the patient's words where a reply made it."""
    reply = None if note.reply_id is None else said.get(note.reply_id)
    words = "" if reply is None else reply.body
    text = ": ".join(part for part in (note.note, words) if part)
    return Past(moment(note.at, now, zone), note.what, readable(note.who), readable(text))


def _name(patient: Patient) -> str:
    return readable(" ".join(part for part in (patient.given, patient.family) if part))


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """``2:30 PM`` today, ``Tue, Mar 3, 2:30 PM`` on another day."""
    local = at.astimezone(zone)
    clock = local_time.clock(local, "en")
    if local.date() == now.astimezone(zone).date():
        return clock
    return f"{local_time.day(local, 'en')}, {clock}"


def time_left(left: timedelta) -> str:
    """``4 min left``, ``3 h 10 min left``, ``2 days late``: rounded to the reader's haste."""
    minutes = left // _MINUTE  # down: 59 s left is "less than a minute", 1 s late is 1 min late
    if minutes == 0:
        return "less than a minute left"
    word = "left" if minutes > 0 else "late"
    size = abs(minutes)
    if size < 60:
        return f"{size} min {word}"
    if size < 48 * 60:
        hours, rest = divmod(size, 60)
        return f"{hours} h {rest} min {word}" if rest else f"{hours} h {word}"
    return f"{size // (24 * 60)} days {word}"


def dialled(phone: str, region: str) -> str:
    """A number as people of ``region`` read it; anything else as it is."""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return phone
    at_home = phonenumbers.region_code_for_number(number) == region
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, form.NATIONAL if at_home else form.INTERNATIONAL)


def _sentence(text: str) -> str:
    return readable(text[:1].upper() + text[1:])


def readable(text: str) -> str:
    """``text`` without control characters but line breaks: they would vanish or harm on a page."""
    return "".join(char for char in text if (char >= " " and char != "\x7f") or char == "\n")

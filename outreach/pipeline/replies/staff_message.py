"""Staff message: what a person writes to a patient, shown with its faults first, then sent.

It takes the conversation over (``takeover``). Whether it may go is the one decision of all
messages; what it says is asked of the copy rules, which warn, and refuse little.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from outreach.domain.consent import ConsentState
from outreach.domain.errors import BadInput, NotFound
from outreach.domain.policy import Decision, Verdict
from outreach.domain.states import ChannelKind, MessageStatus, Purpose, Urgency
from outreach.domain.takeovers import JUST_WROTE, purpose_of
from outreach.pipeline.facts.deciding import decide_unplanned
from outreach.pipeline.facts.reach import born_on, contacts_for, who_is_written_to
from outreach.pipeline.facts.reading import FROM_STAFF
from outreach.pipeline.followup.history import write
from outreach.pipeline.people.search import find_patient
from outreach.pipeline.ports import Measured
from outreach.pipeline.replies import takeover
from outreach.pipeline.world import World
from outreach.storage.models import (
    ContactPoint,
    FollowUp,
    Message,
    Patient,
    Reply,
    StaffWord,
    Takeover,
)
from outreach.storage.unit import Unit

_USEFUL = {Purpose.REPLY: timedelta(hours=2), Purpose.CARE: timedelta(hours=16)}
"""How long a person's words are of use; what has not left by then becomes a call."""
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,80}")
_MOST_CHARACTERS = 1600
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a person means: a patient, and where they began from an item, that item."""

    patient: Patient
    item: FollowUp | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What would go, before it goes."""

    patient_id: UUID
    channel: ChannelKind
    language: str
    purpose: Purpose
    measured: Measured
    decision: Decision
    warnings: tuple[str, ...]
    """What whoever writes should know, and may decide against."""
    refusals: tuple[str, ...]
    """Why it must not go at all."""


@dataclass(frozen=True, slots=True)
class Said:
    """A person's words that were taken."""

    message_id: UUID
    duplicate: bool
    """The same token came before: nothing was sent again."""
    draft: Draft | None
    """What was looked at; None for a duplicate."""


class Warned(BadInput):
    """Its words have faults that whoever writes has not said yes to."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("warned", " ".join(draft.warnings))
        self.draft = draft


def addressee(unit: Unit, world: World, text: str) -> Addressee:
    """Whom ``text`` means: the code of a follow-up, or whatever names a patient.

    Raises:
        NotFound: nobody is known by it, or that item stands for no patient.
        BadInput: several are known by it.
    """
    item = unit.followups.by_code(text.strip().upper())
    if item is None:
        return Addressee(find_patient(unit, text, world.clinic.region))
    patient = None if item.patient_id is None else unit.people.patient(item.patient_id)
    if patient is None:
        raise NotFound("This follow-up stands for no patient. Name the patient instead.")
    reply = None if item.reply_id is None else unit.replies.reply(item.reply_id)
    return Addressee(patient, item, reply)


def look(world: World, to: str, words: str) -> Draft:
    """What would go to whom, and what is wrong with it; changes nothing.

    Raises:
        NotFound: nobody is known by ``to``.
        BadInput: several are, or there is nothing to say.
    """
    with world.db.read() as unit:
        return _draft(unit, world, addressee(unit, world, to), _trimmed(words))[0]


def say(world: World, to: str, words: str, *, who: str, token: str, anyway: bool = False) -> Said:
    """Queues a person's words and gives them the conversation; once for each ``token``.

    Args:
        anyway: whoever writes has seen the warnings.

    Raises:
        NotFound: nobody is known by ``to``.
        BadInput: several are, a word or the decision refuses it, or the token is none.
        Warned: there are warnings and not ``anyway``.
    """
    words, who = _trimmed(words), who.strip()[:_LONGEST_NAME]
    if not _TOKEN.fullmatch(token):
        raise BadInput("token", "A token has up to 80 letters, digits, '.', '_' and '-'.")
    if not who:
        raise BadInput("by", "Say who writes.")
    with world.db.write() as unit:
        to_whom = addressee(unit, world, to)
        unit.takeovers.alone(to_whom.patient.id)
        known = unit.messages.id_of_reason(f"manual:{token}")
        if known is not None:
            return Said(known, duplicate=True, draft=None)
        draft, contact = _draft(unit, world, to_whom, words)
        if draft.refusals or contact is None:
            raise BadInput("refused", " ".join(draft.refusals))
        if draft.warnings and not anyway:
            raise Warned(draft)
        message = _message(world, draft, contact, token)
        unit.add(message)
        unit.flush()
        row, item = _take_over(unit, world, to_whom, contact, who)
        unit.add(
            StaffWord(
                message_id=message.id,
                takeover_id=row.id,
                who=who,
                words=words,
                at=world.clinic_now(),
            )
        )
        write(unit, world, item, "answered", who, words)
    world.wake("send_urgent")
    return Said(message.id, duplicate=False, draft=draft)


def _trimmed(words: str) -> str:
    words = words.strip()
    if not words:
        raise BadInput("text", "There is nothing to send.")
    if len(words) > _MOST_CHARACTERS:
        raise BadInput("text", f"A message has at most {_MOST_CHARACTERS} characters.")
    return words


def _take_over(
    unit: Unit, world: World, to_whom: Addressee, contact: ContactPoint, who: str
) -> tuple[Takeover, FollowUp]:
    patient, now = to_whom.patient, world.clinic_now()
    row = unit.takeovers.holding(patient.id, contact.address_index)
    if row is not None and row.ends_at <= now:  # timed out, and nobody has noticed yet
        takeover.end_late(unit, world, row)
        unit.flush()
        row = None
    if row is not None:
        item = unit.followups.followup(row.followup_id)
        if item is not None:
            takeover.begin(unit, world, row, item, who, new=False)
            return row, item
    row = Takeover(
        id=world.new_id(),
        patient_id=patient.id,
        address_index=contact.address_index,
        channel=contact.channel,
        nurse=who,
        answered=True,
        began_at=now,
        ends_at=now,
    )
    reply_id = None if to_whom.reply is None else to_whom.reply.id
    item = takeover.item_for(unit, world, row, to_whom.item, reply_id)
    row.followup_id = item.id
    takeover.begin(unit, world, row, item, who, new=True)
    unit.add(row)
    unit.flush()
    return row, item


def _message(world: World, draft: Draft, contact: ContactPoint, token: str) -> Message:
    now = world.clinic_now()
    return Message(
        id=world.new_id(),
        reason_key=f"manual:{token}",
        channel=contact.channel,
        patient_id=draft.patient_id,
        address=contact.address,
        address_index=contact.address_index,
        purpose=draft.purpose,
        urgency=Urgency.URGENT,
        template=FROM_STAFF,
        language=draft.language,
        visits=[],
        status=MessageStatus.QUEUED,
        not_before=now,
        useful_until=now + _USEFUL[draft.purpose],
        attempts=0,
        retry_at=world.machine_now(),
        created_at=now,
    )


def _draft(
    unit: Unit, world: World, to_whom: Addressee, words: str
) -> tuple[Draft, ContactPoint | None]:
    patient, now = to_whom.patient, world.clinic_now()
    contact = _contact(unit, world, to_whom)
    purpose = purpose_of(just_wrote=_just_wrote(unit, to_whom, contact, now))
    index = "" if contact is None else contact.address_index
    decision = decide_unplanned(
        world,
        patient,
        unit.people.consent_of([index])[index] if index else ConsentState(),
        purpose=purpose,
        useful_until=now + _USEFUL[purpose],
        has_address=contact is not None,
        now=now,
    )
    channel = ChannelKind.SMS if contact is None else contact.channel
    language = _language(world, patient)
    clinic = {"name": world.clinic.name, "phone": world.clinic.phone}
    measured = world.wording.check(words, language, channel, clinic)
    refusals = [fault.detail for fault in measured.faults if fault.refused]
    warnings = [fault.detail for fault in measured.faults if not fault.refused]
    _mind_the_person(patient, words, channel, warnings, refusals)
    if decision.verdict is Verdict.SKIP:
        refusals.append(_why_no_address(unit, world, patient) or decision.sentence())
    elif decision.verdict is Verdict.WAIT and decision.until is not None:
        opens = decision.until.astimezone(world.clinic.zone)
        warnings.append(
            f"The patient did not write lately, so it waits for the permitted hours: {opens:%H:%M}."
        )
    draft = Draft(
        patient.id,
        channel,
        language,
        purpose,
        measured,
        decision,
        tuple(map(_sentence, warnings)),
        tuple(map(_sentence, refusals)),
    )
    return draft, contact


def _contact(unit: Unit, world: World, to_whom: Addressee) -> ContactPoint | None:
    """Where they wrote from, if that address may be used; else the first that may, a text first."""
    contacts = [
        row for row in contacts_for(unit, world, to_whom.patient) if row.channel in world.channels
    ]
    wrote_from = to_whom.reply
    if wrote_from is None:
        replies = unit.replies.of_patient(to_whom.patient.id)
        wrote_from = replies[-1] if replies else None
    if wrote_from is not None:
        for row in contacts:
            if row.address_index == wrote_from.address_index:
                return row
    return min(contacts, key=lambda row: row.channel is ChannelKind.EMAIL, default=None)


def _just_wrote(
    unit: Unit, to_whom: Addressee, contact: ContactPoint | None, now: datetime
) -> bool:
    if contact is None:
        return False
    holding = any(
        row.address_index == contact.address_index and row.ended_at is None and row.ends_at > now
        for row in unit.takeovers.of_patient(to_whom.patient.id)
    )
    return holding or unit.takeovers.wrote_since(contact.address_index, now - JUST_WROTE)


def _language(world: World, patient: Patient) -> str:
    """That of the message around the words; a person may write in any."""
    known = world.renderer.languages(FROM_STAFF)
    wanted = patient.language
    return wanted if wanted is not None and wanted in known else world.clinic.default_language


def _why_no_address(unit: Unit, world: World, patient: Patient) -> str | None:
    """Why none may be used, where there is one: it is somebody else's."""
    return who_is_written_to(unit, world, {patient.id: patient}).barred.get(patient.id)


def _mind_the_person(
    patient: Patient, words: str, channel: ChannelKind, warnings: list[str], refusals: list[str]
) -> None:
    """Others may read it on this phone: no full name, and no birth date at all."""
    born = born_on(patient)
    if born is not None and any(way in words for way in _written(born)):
        where = refusals if channel is ChannelKind.SMS else warnings
        where.append("names the patient's birth date; leave it out")
    family = (patient.family or "").strip()
    if len(family) > 1 and re.search(rf"\b{re.escape(family)}\b", words, re.IGNORECASE):
        warnings.append("names the patient's family name; leave it out")


def _written(born: date) -> tuple[str, ...]:
    """The usual ways to write a date in this country, and the one of records."""
    return (
        born.isoformat(),
        f"{born.month}/{born.day}/{born.year}",
        f"{born:%m/%d/%Y}",
        f"{born.month}/{born.day}/{born:%y}",
        f"{born:%m/%d/%y}",
        f"{born:%m-%d-%Y}",
        f"{born:%B} {born.day}, {born.year}",
        f"{born:%b} {born.day}, {born.year}",
    )


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."

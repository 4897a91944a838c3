"""Calls: the worklist of all that cannot be texted, what a missed visit leaves, each attempt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain import calls
from outreach.domain.calls import CallReason
from outreach.domain.errors import IllegalTransition, NotFound
from outreach.domain.states import ChannelKind, FollowUpStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.facts.reach import who_is_written_to
from outreach.pipeline.world import World
from outreach.storage.models import (
    Appointment,
    ContactPoint,
    ContactStatus,
    FollowUp,
    FollowUpNote,
    Patient,
)
from outreach.storage.unit import Unit

_LATELY = timedelta(days=7)
"""A missed visit that is reported later than this asks for nothing any more."""
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Call:
    """One call to make, with all that whoever phones needs."""

    item: FollowUp
    patient: Patient
    reason: CallReason
    interpreter: str
    """The patient's language, where nobody may speak it; else empty."""
    numbers: tuple[ContactPoint, ...]
    """Every phone on file that may ring, those in use first. For signed-in staff alone."""
    attempts: tuple[FollowUpNote, ...]
    """The calls that nobody took, oldest first."""


def worklist(unit: Unit, world: World, limit: int = 500) -> list[Call]:
    """What must be said by phone, by due time.

    Items that are calls by their kind; and of the others, but for operators' own, those of
    patients whom no text reaches now.
    """
    rows = {row.id: row for row in unit.followups.waiting_of(calls.CALL_KINDS, limit)}
    rows |= {row.id: row for row in unit.followups.worklist(limit=limit)}
    ids = {row.patient_id for row in rows.values() if row.patient_id is not None}
    patients = unit.people.patients(ids) if ids else {}
    usable = who_is_written_to(unit, world, patients).contacts
    unreachable = _unreachable(unit, world, patients, usable)
    wanted = [
        row
        for row in rows.values()
        if row.patient_id in patients
        and (row.kind in calls.CALL_KINDS or unreachable[row.patient_id] is not None)
    ]
    wanted.sort(key=lambda row: (row.due_at, row.id))
    wanted = wanted[:limit]
    attempts = unit.followups.notes_of_all([row.id for row in wanted], calls.NOT_REACHED)
    on_file = unit.people.all_contacts_of({row.patient_id for row in wanted if row.patient_id})
    return [
        Call(
            item=row,
            patient=patient,
            reason=calls.reason_of(row.kind, unreachable[patient.id]),
            interpreter="" if world.clinic.speaks(patient.language) else patient.language or "",
            numbers=_numbers(usable.get(patient.id, ()), on_file.get(patient.id, ())),
            attempts=tuple(attempts.get(row.id, ())),
        )
        for row in wanted
        if row.patient_id is not None and (patient := patients[row.patient_id]) is not None
    ]


def _numbers(
    usable: Iterable[ContactPoint], on_file: Iterable[ContactPoint]
) -> tuple[ContactPoint, ...]:
    """Those that may be written to, then those that take no texts, or may get none: they may ring.

    Not one at which somebody else answered, nor one that the record does not list any more.
    """
    found: dict[str, ContactPoint] = {}
    for row in (*usable, *on_file):
        gone = row.status in {ContactStatus.WRONG, ContactStatus.REMOVED}
        if row.channel is ChannelKind.SMS and not gone:
            found.setdefault(row.address_index, row)
    return tuple(found.values())


def _unreachable(
    unit: Unit,
    world: World,
    patients: Mapping[UUID, Patient],
    usable: Mapping[UUID, Sequence[ContactPoint]],
) -> dict[UUID, CallReason | None]:
    phones = {
        patient_id: [
            row.address_index
            for row in usable.get(patient_id, ())
            if row.channel is ChannelKind.SMS
        ]
        for patient_id in patients
    }
    indexes = {index for some in phones.values() for index in some}
    said = unit.people.consent_of(indexes) if indexes else {}
    return {
        patient_id: calls.cannot_be_texted(
            [said[index].opted_out for index in phones[patient_id]],
            speaks=world.clinic.speaks(patient.language),
        )
        for patient_id, patient in patients.items()
    }


def not_reached(world: World, code: str, who: str, note: str = "") -> FollowUp:
    """Somebody phoned and nobody answered: it is written down, and the item stays.

    Raises:
        NotFound: no item has this code.
        IllegalTransition: it is closed.
    """
    with world.db.write() as unit:
        item = unit.followups.by_code(code.strip().upper())
        if item is None:
            raise NotFound("No follow-up has this code. 'outreach calls' lists them.")
        if item.status is FollowUpStatus.CLOSED:
            raise IllegalTransition("This follow-up is closed already.")
        unit.add(
            FollowUpNote(
                id=world.new_id(),
                followup_id=item.id,
                what=calls.NOT_REACHED,
                who=who,
                note=note.strip()[:_LONGEST_NOTE] or None,
                at=world.clinic_now(),
            )
        )
        return item


def after_no_show(unit: Unit, world: World, visit: Appointment, patient: Patient) -> None:
    """Whoever did not come to a visit is called the same day, once for each visit.

    They may be ill, may have lost their way, or may know nothing of it; and a missed visit is a
    missed treatment.
    """
    if patient.deceased or not patient.active or not _is_recent(visit, world.clinic_now()):
        return
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"visit:{visit.id.hex}:no_show",
            kind=calls.NO_SHOW,
            action=Action.SAME_DAY,
            summary=f"Call the patient: they did not come to their visit{_when(world, visit)}. Ask "
            "whether they are well, and find another time.",
            patient_id=visit.patient_id,
        ),
    )


def _is_recent(visit: Appointment, now: datetime) -> bool:
    return visit.start_at is None or now - visit.start_at <= _LATELY


def _when(world: World, visit: Appointment) -> str:
    zone = world.clinic.zone_at(visit.site_code)
    if visit.start_at is None or zone is None:
        return ""
    return f" of {visit.start_at.astimezone(zone):%Y-%m-%d %H:%M}"

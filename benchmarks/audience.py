"""Patients with a visit and a text that is due, written straight into the tables."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count as numbers
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from benchmarks.clinic import MORNING
from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.events import AppointmentStatus, ContactRole
from outreach.domain.journeys import Anchor, Only
from outreach.domain.states import (
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    Purpose,
    TouchpointStatus,
    Urgency,
)
from outreach.domain.triage.result import Prompt
from outreach.pipeline.world import World
from outreach.storage.models import (
    Appointment,
    Attempt,
    Base,
    Consent,
    ContactPoint,
    ContactStatus,
    Message,
    Patient,
    Touchpoint,
)
from outreach.storage.repositories.people import address_index

Row = dict[str, Any]

_SITE = "cedar_grove"
_GIVEN = ("Mira", "Robin", "Nadia", "Tomas", "Ines", "Jo")
_AREAS = [code for code in range(201, 990) if code % 100 != 11]
_NUMBERS = numbers()
"""No two patients of a run share a phone, until they run out."""
_STEPS = (("d1", "prep_1d", None, 1), ("d7", "prep_7d", Prompt.CONFIRM, 7))
"""Half of the texts ask a question, as in the shipped journeys."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who gets a text, and about what."""

    patient: UUID
    visit: UUID
    touchpoint: UUID
    phone: str


def _a_minute_ago(_: int) -> datetime:
    return MORNING - timedelta(minutes=1)


def book(world: World, count: int, due: Callable[[int], datetime] = _a_minute_ago) -> list[Person]:
    """Touchpoints, one for each of ``count`` patients, ``due`` (clinic time) by its number."""
    people = [
        Person(world.new_id(), world.new_id(), world.new_id(), phone(next(_NUMBERS)))
        for _ in range(count)
    ]
    write(world, Patient, [_patient(n, person) for n, person in enumerate(people)])
    write(world, ContactPoint, [_contact(world, person) for person in people])
    write(world, Consent, [_consent(world, person) for person in people])
    write(world, Appointment, [_visit(n, person) for n, person in enumerate(people)])
    write(world, Touchpoint, [_touchpoint(n, one, due(n)) for n, one in enumerate(people)])
    gather_statistics(world)
    return people


def accepted(world: World, count: int) -> list[tuple[UUID, str]]:
    """Messages the provider has taken and not yet reported on: message id and provider id."""
    people = book(world, count)
    known = [(world.new_id(), f"SM{person.touchpoint.hex}") for person in people]
    rows = [_message(world, person, *names) for person, names in zip(people, known, strict=True)]
    write(world, Message, rows)
    write(world, Attempt, [_attempt(world, *names) for names in known])
    gather_statistics(world)
    return known


def phone(n: int) -> str:
    """Fictional numbers (555-01xx) of every area code: 78,000 different ones."""
    return f"+1{_AREAS[n // 100 % len(_AREAS)]}55501{n % 100:02d}"


def write(world: World, table: type[Base], rows: list[Row]) -> None:
    """New rows, committed."""
    with Session(world.db.engine) as session:
        session.connection(execution_options={"outreach_write": True})
        session.execute(insert(table), rows)
        session.commit()


def gather_statistics(world: World) -> None:
    """What PostgreSQL does by itself within a minute of such a change: it knows its tables."""
    if world.db.engine.dialect.name == "postgresql":
        with world.db.engine.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()


def _patient(n: int, person: Person) -> Row:
    return {
        "id": person.patient,
        "family": f"Testcase{n}",
        "given": _GIVEN[n % len(_GIVEN)],
        "language": ("en", "es")[n % 4 == 0],
        "last_event_at": MORNING,
        "created_at": MORNING,
    }


def _contact(world: World, person: Person) -> Row:
    return {
        "id": world.new_id(),
        "patient_id": person.patient,
        "channel": ChannelKind.SMS,
        "address": person.phone,
        "address_index": address_index(ChannelKind.SMS, person.phone),
        "role": ContactRole.SELF,
        "rank": 0,
        "status": ContactStatus.ACTIVE,
    }


def _consent(world: World, person: Person) -> Row:
    return {
        "id": world.new_id(),
        "channel": ChannelKind.SMS,
        "address_index": address_index(ChannelKind.SMS, person.phone),
        "patient_id": person.patient,
        "action": ConsentAction.ATTESTED,
        "scope": ConsentScope.CARE,
        "source": "attested_by_clinic",
        "actor": "policy.yaml",
        "recorded_at": MORNING,
    }


def _visit(n: int, person: Person) -> Row:
    start = MORNING + timedelta(days=_STEPS[n % 2][3])
    return {
        "id": person.visit,
        "patient_id": person.patient,
        "site_code": _SITE,
        "service": "Infusion",
        "kind": "infusion",
        "start_at": start,
        "end_at": start + timedelta(hours=4),
        "status": AppointmentStatus.BOOKED,
        "lots": [],
        "last_event_at": MORNING,
        "created_at": MORNING,
    }


def _touchpoint(n: int, person: Person, due: datetime) -> Row:
    step, template, asks, days = _STEPS[n % 2]
    return {
        "id": person.touchpoint,
        "journey": "infusion_visit",
        "step": step,
        "patient_id": person.patient,
        "anchor_kind": Anchor.VISIT_START,
        "anchor_id": person.visit,
        "anchor_version": 1,
        "anchor_at": MORNING + timedelta(days=days),
        "appointment_id": person.visit,
        "site_code": _SITE,
        "template": template,
        "purpose": Purpose.CARE,
        "channels": ["sms"],
        "only": Only.ALWAYS,
        "asks": asks,
        "question_hours": 0 if asks is None else 48,
        "due_at": due,
        "useful_until": MORNING + timedelta(hours=20),
        "status": TouchpointStatus.PLANNED,
        "created_at": MORNING,
    }


def _message(world: World, person: Person, message_id: UUID, provider_id: str) -> Row:
    return {
        "id": message_id,
        "reason_key": f"touchpoint:{person.touchpoint.hex}",
        "channel": ChannelKind.SMS,
        "patient_id": person.patient,
        "touchpoint_id": person.touchpoint,
        "address": person.phone,
        "address_index": address_index(ChannelKind.SMS, person.phone),
        "purpose": Purpose.CARE,
        "urgency": Urgency.NORMAL,
        "template": "prep_1d",
        "body": "Your visit is tomorrow.",
        "status": MessageStatus.ACCEPTED,
        "provider_id": provider_id,
        "not_before": MORNING,
        "useful_until": MORNING + timedelta(hours=20),
        "attempts": 1,
        "retry_at": world.machine_now(),
        "created_at": MORNING,
        "accepted_at": MORNING,
    }


def _attempt(world: World, message_id: UUID, provider_id: str) -> Row:
    now = world.machine_now()
    return {
        "id": world.new_id(),
        "message_id": message_id,
        "number": 1,
        "outcome": AttemptOutcome.ACCEPTED,
        "provider_id": provider_id,
        "started_at": now,
        "deadline": now + timedelta(seconds=20),
        "finished_at": now,
    }

"""Voice: somebody phones the number that texts come from, and is put through to the clinic.

The call goes on whatever happens here: what is recorded is for staff, who phone back whoever was
not answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from outreach.domain.events import GONE
from outreach.domain.phones import check_number
from outreach.domain.states import ChannelKind
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.world import World
from outreach.storage.models import Patient, VoiceCall
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit

MISSED_CALL = "missed_call"
_ANSWERED = frozenset({"completed", "answered"})
"""The carrier's words for a forwarded call that somebody took."""
_PATIENCE = timedelta(minutes=90)
"""Longer than a forwarded call may last: after it, no word of its end means that none will come."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A phone call as the carrier announced it."""

    provider_id: str
    number: str
    """E.164, or what the carrier says of a number that is withheld."""
    called: str
    """The number that texts come from."""


def clinic_phone(world: World, called: str) -> str:
    """The clinic's own phone as carriers dial it; empty where it is the number that was called.

    Putting a call through to itself would never end.
    """
    clinic = world.clinic
    phone = check_number(clinic.phone, clinic.region).e164 or ""
    return "" if phone == called else phone


def ring(world: World, caller: Caller) -> str:
    """Records a call, and says which phone it is put through to: that of the caller's site.

    A call that is announced twice is recorded once. Empty where there is no phone to put it to.

    Raises:
        Unavailable: the database cannot be reached.
    """
    index = address_index(ChannelKind.SMS, caller.number)
    now = world.clinic_now()
    with world.db.write() as unit:
        known = unit.inbound.call_named(caller.provider_id)
        if known is not None:
            return known.forwarded_to
        people = unit.people.at_address(index)
        patient_id = people[0].id if len(people) == 1 else None
        phone = _phone(unit, world, people, caller.called)
        row = VoiceCall(
            id=world.new_id(),
            provider_id=caller.provider_id[:80],
            address=caller.number,
            address_index=index,
            patient_id=patient_id,
            forwarded_to=phone,
            received_at=now,
            check_at=now + _PATIENCE,
        )
        unit.add(row)
        if not phone:
            _end(unit, world, row, "no phone")
        return phone


def _phone(unit: Unit, world: World, people: Sequence[Patient], called: str) -> str:
    """That of the one site where these patients have their nearest visits, else the clinic's."""
    now = world.clinic_now()
    codes = set()
    for person in people:
        visits = [
            (abs(row.start_at - now), row.site_code)
            for row in unit.visits.appointments_of(person.id)
            if row.start_at is not None and row.status not in GONE
        ]
        if visits:
            codes.add(min(visits, key=lambda visit: visit[0])[1])
    site = world.clinic.find_site(codes.pop()) if len(codes) == 1 else None
    phone = None if site is None else check_number(site.phone, world.clinic.region).e164
    return clinic_phone(world, called) if phone in {None, called} else phone or ""


def hang_up(world: World, provider_id: str, outcome: str) -> bool:
    """How a forwarded call ended; whoever was not answered is phoned back. Says whether it was.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with world.db.write() as unit:
        row = unit.inbound.call_named(provider_id)
        if row is not None and row.ended_at is None:
            _end(unit, world, row, outcome)
    return outcome in _ANSWERED


def give_up(world: World, limit: int) -> int:
    """Calls of whose end nobody told count as not answered; returns how many."""
    with world.db.write() as unit:
        rows = unit.inbound.unfinished_calls(world.clinic_now(), limit)
        for row in rows:
            _end(unit, world, row, "unknown")
    return len(rows)


def _end(unit: Unit, world: World, row: VoiceCall, outcome: str) -> None:
    row.outcome, row.ended_at, row.check_at = outcome[:20], world.clinic_now(), None
    if outcome in _ANSWERED:
        return
    people = unit.people.at_address(row.address_index)
    whose = "A patient" if people else "Somebody we do not know"
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"call:{row.id.hex}",
            kind=MISSED_CALL,
            action=Action.SAME_DAY if people else Action.ROUTINE,
            summary=f"{whose} phoned the number that texts come from, and nobody answered "
            f"({row.outcome}). Phone back: {row.address}.",
            patient_id=row.patient_id,
        ),
    )

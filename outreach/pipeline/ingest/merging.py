"""Merging: what two records that become one mean for how, and whether, the patient is reached.

``patients.merge`` moves the history; here it is seen what could be sent before and cannot any more,
and what staff must ask.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from outreach.domain.journeys import Anchor
from outreach.domain.occasions import OccasionKind
from outreach.domain.states import ChannelKind, Purpose, TouchpointStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.facts.reading import facts_for_touchpoints
from outreach.pipeline.outcomes import instead
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, ContactStatus, Patient, Touchpoint
from outreach.storage.unit import Unit

_UNKNOWN_ELSEWHERE = ("family", "given", "birth_date", "language", "zone", "postal_code")
_WAITING = frozenset({TouchpointStatus.PLANNED, TouchpointStatus.QUEUED})
_WHY = "Two records were merged, and the patient had asked us at one of them to stop."


def channels_opted_out(unit: Unit, contacts: Sequence[ContactPoint]) -> frozenset[ChannelKind]:
    """By which channels either record has asked us to stop: an opt-out by text says nothing of
    email, and the other way round."""
    states = unit.people.consent_of({row.address_index for row in contacts})
    return frozenset(row.channel for row in contacts if states[row.address_index].opted_out)


def what_differs(
    survivor: Patient, prior: Patient, contacts: Sequence[ContactPoint]
) -> tuple[str, ...]:
    """In what the two records contradict each other, in words for staff and without values."""
    found = []
    if survivor.language and prior.language and survivor.language != prior.language:
        found.append("language")
    for channel, name in ((ChannelKind.SMS, "phone"), (ChannelKind.EMAIL, "mailbox")):
        theirs, own = _in_use(contacts, prior, channel), _in_use(contacts, survivor, channel)
        if theirs and own and theirs != own:
            found.append(name)
    return tuple(found)


def _in_use(contacts: Sequence[ContactPoint], who: Patient, channel: ChannelKind) -> frozenset[str]:
    return frozenset(
        row.address_index
        for row in contacts
        if row.patient_id == who.id
        and row.channel is channel
        and row.status is ContactStatus.ACTIVE
    )


def fill_gaps(survivor: Patient, prior: Patient) -> None:
    """What the survivor's record does not say is as the prior record said it."""
    for name in _UNKNOWN_ELSEWHERE:
        if getattr(survivor, name) is None:
            setattr(survivor, name, getattr(prior, name))


def ask_about_preference(
    unit: Unit, world: World, survivor: Patient, *, stopped: bool, differs: Sequence[str]
) -> None:
    """The routine question that a merge leaves, where the two records do not say the same."""
    if not stopped and not differs:
        return
    said = ["one had opted out"] if stopped else []
    said += [f"they differ in the {name}" for name in differs]
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"patient:{survivor.id.hex}:merged:{world.new_id().hex}",
            kind="confirm_preference",
            action=Action.ROUTINE,
            summary=f"Two records were merged and {', and '.join(said)}."
            " Ask how to reach the patient.",
            patient_id=survivor.id,
        ),
    )


def sendable(unit: Unit, world: World, patient_ids: Collection[UUID]) -> frozenset[UUID]:
    """The planned care of these patients that could be sent as things stand: by touchpoint."""
    rows = [
        row
        for patient_id in patient_ids
        for row in unit.ledger.of_patient(patient_id)
        if row.status in _WAITING and row.purpose is Purpose.CARE
    ]
    return _reaching(unit, world, rows)


def _reaching(unit: Unit, world: World, rows: Sequence[Touchpoint]) -> frozenset[UUID]:
    if not rows:
        return frozenset()
    facts = facts_for_touchpoints(unit, world, rows)
    found = set()
    for row in rows:
        contact = facts.address_of(row)
        if contact is not None and not facts.consents[contact.address_index].opted_out:
            found.add(row.id)
    return frozenset(found)


def call_instead(unit: Unit, world: World, survivor: Patient, before: frozenset[UUID]) -> None:
    """Calls for the planned care that could be sent before the merge and cannot after it.

    One for each visit, each schedule of home doses and each occasion. Check-ins and word of a
    closed day become calls by themselves when they are due; nobody is called to be welcomed.
    """
    lost = before - sendable(unit, world, [survivor.id])
    rows = [
        row
        for row in unit.ledger.touchpoints(lost).values()
        if row.status in _WAITING and row.patient_id == survivor.id
    ]
    regimens = unit.visits.doses({row.anchor_id for row in rows if row.anchor_kind is Anchor.DOSE})
    occasions = unit.occasions.by_ids(
        {row.anchor_id for row in rows if row.anchor_kind is Anchor.OCCASION}
    )
    for row in sorted(rows, key=lambda row: (row.due_at, row.id)):
        if row.anchor_kind is Anchor.VISIT_START:
            instead.call_before_visit(unit, world, row, _WHY)
        elif row.anchor_kind is Anchor.DOSE:
            instead.call_about_doses(unit, world, row, regimens[row.anchor_id].regimen_id, _WHY)
        elif row.anchor_kind is Anchor.OCCASION:
            occasion = occasions[row.anchor_id]
            if occasion.kind is not OccasionKind.ENROLMENT:
                instead.call_about_occasion(unit, world, row, _WHY)

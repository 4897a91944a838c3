"""Who: patients, their contact points and identifiers, merges, and the end of outreach."""

from datetime import UTC, datetime

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.errors import BadInput
from outreach.domain.events import EventKind, PatientData, SchedulingEvent
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import consent, followup, pause
from outreach.pipeline.ingest import merging, names
from outreach.pipeline.people import contacts, handover
from outreach.pipeline.planning import risks
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, IdentifierKind, Patient
from outreach.storage.unit import Unit

_NEVER = datetime(1900, 1, 1, tzinfo=UTC)


def check(unit: Unit, event: SchedulingEvent) -> None:
    """Refuses an event that does not say whom it is about.

    Raises:
        BadInput: no identifier, or the identifiers name several patients; a record merged into
            itself, or no prior identifier.
    """
    if event.kind is EventKind.PATIENT_MERGED:
        if not event.prior_identifiers:
            raise BadInput("no_prior", "The merge names no prior record.")
        if set(event.prior_identifiers) & set(event.patient.identifiers):
            raise BadInput("self_merge", "The merge names one record as both prior and survivor.")
    _named(unit, event.patient)


def _named(unit: Unit, data: PatientData) -> Patient | None:
    """The patient on record whom an event is about; None for a new one."""
    if not data.identifiers:
        raise BadInput("no_patient", "The event names no patient identifier.")
    found = unit.people.named_by(data.identifiers)
    if len(found) > 1:
        raise BadInput("ambiguous_patient", "Its identifiers name more than one patient.")
    return found[0] if found else None


def upsert(unit: Unit, world: World, event: SchedulingEvent) -> Patient:
    """The patient an event is about, created or brought up to date where the event is newer."""
    data = event.patient
    patient = _named(unit, data) or _create(unit, world)
    names.keep(unit, world, IdentifierKind.PATIENT, patient.id, data.identifiers)
    if event.occurred_at >= patient.last_event_at and _says_something(data):
        _bring_up_to_date(unit, world, patient, data)
        patient.last_event_at = event.occurred_at
    if data.deceased:
        _record_death(unit, world, patient)
    unit.flush()
    return patient


def _says_something(data: PatientData) -> bool:
    """Whether an event speaks of the person at all, and not of a visit alone."""
    said = (data.family, data.given, data.birth_date, data.telecoms, data.language, data.zone)
    return any(value is not None for value in (*said, data.postal_code, data.active, data.risks))


def _create(unit: Unit, world: World) -> Patient:
    patient = Patient(
        id=world.new_id(),
        deceased=False,
        paused=False,
        active=True,
        infusions=0,
        last_event_at=_NEVER,
        created_at=world.clinic_now(),
    )
    unit.add(patient)
    unit.flush()
    return patient


def _bring_up_to_date(unit: Unit, world: World, patient: Patient, data: PatientData) -> None:
    patient.family = patient.family if data.family is None else data.family
    patient.given = patient.given if data.given is None else data.given
    if data.birth_date is not None:
        patient.birth_date = data.birth_date.isoformat()
    if data.language is not None:
        patient.language = data.language.split("-")[0].lower()[:16]
    patient.zone = patient.zone if data.zone is None else data.zone
    patient.postal_code = patient.postal_code if data.postal_code is None else data.postal_code
    patient.active = patient.active if data.active is None else data.active
    if data.telecoms is not None:
        contacts.set_contacts(unit, world, patient, data.telecoms)
    if data.risks is not None:
        risks.take(unit, world, patient, data.risks)
    handover.schedule(world, patient)


def _record_death(unit: Unit, world: World, patient: Patient) -> None:
    """Everything stops at once; staff speak to the family (never a text).

    What a reply alone had said is certain from now on.
    """
    patient.death_reported = False
    if patient.deceased:
        return
    patient.deceased = True
    unit.flush()
    unit.ledger.end_patient(
        patient.id, TouchpointStatus.SKIPPED, SkipReason.DECEASED, world.clinic_now()
    )
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"patient:{patient.id.hex}:deceased",
            kind="deceased",
            action=Action.ROUTINE,
            summary="The record says this patient has died. All outreach has stopped.",
            patient_id=patient.id,
        ),
    )


def change_state(unit: Unit, world: World, kind: EventKind, patient: Patient) -> None:
    """Admission pauses outreach; after discharge a nurse resumes it."""
    if kind is EventKind.PATIENT_DECEASED:
        _record_death(unit, world, patient)
    elif kind is EventKind.PATIENT_ADMITTED:
        pause.mark(world, patient, paused=True)
    elif kind is EventKind.PATIENT_DISCHARGED and patient.paused:
        followup.open_item(
            unit,
            world,
            followup.NewItem(
                reason_key=f"patient:{patient.id.hex}:discharged:{world.new_id().hex}",
                kind="resume_outreach",
                action=Action.SAME_DAY,
                summary="Discharged from hospital. Call, then resume outreach if it is right.",
                patient_id=patient.id,
            ),
        )


_STAFF_NEWS = {
    EventKind.SHIPMENT_DELAYED: "A home shipment is delayed. Check the next dose with the patient.",
    EventKind.AUTHORIZATION_EXPIRING: "An authorization is about to expire.",
    EventKind.AUTHORIZATION_DENIED: "An authorization was denied. Call before the next visit.",
}


def tell_staff(unit: Unit, world: World, event: SchedulingEvent, patient: Patient) -> bool:
    """News of supply and insurance that a person must act on becomes work; says whether it did."""
    summary = _STAFF_NEWS.get(event.kind)
    if summary is None:
        return False
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"event:{event.source}:{event.event_id}"[:160],
            kind=event.kind.value.replace(".", "_"),
            action=Action.SAME_DAY,
            summary=summary,
            patient_id=patient.id,
        ),
    )
    return True


def merge(unit: Unit, world: World, event: SchedulingEvent) -> None:
    """Two records become one: history moves to the survivor, and opt-outs are united."""
    survivor = upsert(unit, world, event)
    for prior in unit.people.named_by(event.prior_identifiers):
        if prior.id != survivor.id:  # else it was merged before
            _absorb(unit, world, survivor, prior)
    names.keep(unit, world, IdentifierKind.PATIENT, survivor.id, event.prior_identifiers)


def _absorb(unit: Unit, world: World, survivor: Patient, prior: Patient) -> None:
    unit.forget()
    both = unit.people.all_contacts(survivor.id) + unit.people.all_contacts(prior.id)
    stopped = merging.channels_opted_out(unit, both)
    differs = merging.what_differs(survivor, prior, both)
    sendable = merging.sendable(unit, world, (survivor.id, prior.id))
    for repository in (
        unit.visits,
        unit.lots,
        unit.messages,
        unit.replies,
        unit.followups,
        unit.occasions,
        unit.circle,
    ):
        repository.move_to(prior.id, survivor.id)
    unit.ledger.move_to(prior.id, survivor.id, world.clinic_now())
    unit.takeovers.move_to(prior.id, survivor.id, world.clinic_now())
    unit.people.move_identifiers(prior.id, survivor.id)
    unit.people.move_contacts(prior.id, survivor.id)
    prior.merged_into, prior.active, prior.look_at = survivor.id, False, None
    merging.fill_gaps(survivor, prior)
    handover.schedule(world, survivor)
    survivor.infusions += prior.infusions
    risks.unite(unit, world, survivor, prior)
    certain = any(row.deceased and not row.death_reported for row in (survivor, prior))
    survivor.deceased = survivor.deceased or prior.deceased
    survivor.death_reported = survivor.deceased and not certain
    if prior.paused:
        pause.mark(world, survivor, paused=True)
    for row in unit.people.all_contacts(survivor.id):
        if row.channel in stopped:
            _unite_opt_out(unit, world, survivor, row)
    unit.flush()
    merging.ask_about_preference(unit, world, survivor, stopped=bool(stopped), differs=differs)
    merging.call_instead(unit, world, survivor, sendable)


def _unite_opt_out(unit: Unit, world: World, survivor: Patient, row: ContactPoint) -> None:
    consent.write(
        unit,
        world,
        consent.Said(
            row.channel,
            row.address_index,
            ConsentAction.OPT_OUT,
            ConsentScope.ALL,
            source="merge",
            actor="outreach",
            patient_id=survivor.id,
        ),
    )

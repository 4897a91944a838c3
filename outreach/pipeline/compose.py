"""Compose: the facts as they are at the last moment become a text in the patient's language."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.errors import ConfigurationError
from outreach.domain.events import ContactRole
from outreach.domain.journeys import Anchor
from outreach.domain.roster import Coverage, nurse_on
from outreach.domain.states import Purpose
from outreach.pipeline.facts.reading import Facts
from outreach.pipeline.facts.surroundings import beside
from outreach.pipeline.plan import patient_zone
from outreach.pipeline.ports import Rendered
from outreach.pipeline.replies.survey import survey_of
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Campaign, Dose, Message, Patient
from outreach.storage.repositories.messages import mark


def compose(world: World, facts: Facts, message: Message) -> Rendered:
    """The content of a message; sets its language.

    Raises:
        ConfigurationError: a template is missing or asks for what is not known.
    """
    patient = facts.patients.get(message.patient_id) if message.patient_id else None
    language = language_of(world, facts, message)
    message.language = language
    context = _context(world, facts, message, patient)
    return world.renderer.render(message.template, language, message.channel, context)


def language_of(world: World, facts: Facts, message: Message) -> str:
    """The patient's language where the message exists in it, else the clinic's own."""
    patient = facts.patients.get(message.patient_id) if message.patient_id else None
    wanted = message.language or (patient.language if patient is not None else None)
    if wanted is not None and wanted in world.renderer.languages(message.template):
        return wanted
    return world.clinic.default_language


def _context(
    world: World, facts: Facts, message: Message, patient: Patient | None
) -> Mapping[str, object]:
    clinic = {"name": world.clinic.name, "phone": world.clinic.phone}
    reader = facts.role_at(message.patient_id, message.address_index)
    named = reader is ContactRole.SELF and message.address_index not in facts.shared
    context: dict[str, object] = {
        "clinic": clinic,
        "site": clinic,
        "first": _first_name(message, patient) if named else "",
        "for_other": reader is not ContactRole.SELF,
        "first_visit": False,
    }
    if message.id in facts.staff_words:
        context["words"] = facts.staff_words[message.id].words
    touchpoint = facts.touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
    if touchpoint is not None:
        if touchpoint.appointment_id is not None:
            visit = facts.visits[touchpoint.appointment_id]
            ahead = touchpoint.anchor_kind is Anchor.VISIT_START
            others = _others_that_day(world, facts, visit) if ahead else []
            context |= _about_visit(world, visit, others)
            message.visits = (
                [mark(row.id, row.version) for row in (visit, *others)] if ahead else []
            )
        if touchpoint.dose_id is not None and patient is not None:
            context |= _about_dose(facts.doses[touchpoint.dose_id], patient_zone(patient, world))
        if touchpoint.campaign_id is not None:
            context |= _about_campaign(facts.campaigns[touchpoint.campaign_id])
    if message.conversation_id is not None:
        context["survey"] = _about_survey(world, facts, message.conversation_id)
    if message.followup_id is not None:
        item = facts.followups[message.followup_id]
        context["followup"] = {
            "code": item.code,
            "spelled": ", ".join(item.code),
            "url": world.link_to(item.code),
        }
    if message.reply_id is not None:
        roster = world.roster.now()
        context["coverage"] = {
            "always": world.clinic.coverage is Coverage.ALWAYS,
            "nurse_on": nurse_on(roster, world.clinic_now()),
        }
    return context


def _first_name(message: Message, patient: Patient | None) -> str:
    """A given name is used with the patient alone: never in a page to staff.

    Nor to a parent, and on no phone that several patients share: whoever reads it there must not
    learn which of them the clinic treats.
    """
    if patient is None or message.purpose is Purpose.STAFF or not patient.given:
        return ""
    return patient.given.split()[0]


def _about_visit(
    world: World, visit: Appointment, others: Sequence[Appointment]
) -> dict[str, object]:
    found: dict[str, object] = {"first_visit": visit.first_visit}
    if visit.site_code is None or visit.start_at is None:
        return found
    if world.clinic.zone_at(visit.site_code) is None:
        raise ConfigurationError(f"clinic.yaml no longer has the site {visit.site_code!r}.")
    site = world.clinic.site(visit.site_code)
    found["site"] = {"name": site.name, "phone": site.phone}
    starts = sorted(row.start_at for row in (visit, *others) if row.start_at is not None)
    found["visit"] = {
        **_about_time(visit, visit.start_at, site.zone),
        "starts": [start.astimezone(site.zone) for start in starts],
    }
    return found


def _others_that_day(world: World, facts: Facts, visit: Appointment) -> list[Appointment]:
    """The other visits of that day that are still to come: one text names them all."""
    now = world.clinic_now()
    return [
        other
        for other in beside(world, facts.around, visit)
        if other.start_at is not None and other.start_at > now
    ]


def _about_time(visit: Appointment, start: datetime, zone: ZoneInfo) -> dict[str, object]:
    end = start if visit.end_at is None else visit.end_at
    return {
        "start": start.astimezone(zone),
        "end": end.astimezone(zone),
        "hours": _hours(start, end),
    }


def _hours(start: datetime, end: datetime) -> int | None:
    """Whole hours, rounded to the nearest and at least one; None when the end is not known."""
    return max(1, round((end - start).total_seconds() / 3600)) if end > start else None


def _about_dose(dose: Dose, zone: ZoneInfo) -> dict[str, object]:
    return {"dose": {"at": dose.due_at.astimezone(zone)}}


def _about_survey(world: World, facts: Facts, question_id: UUID) -> dict[str, object]:
    """The list that a question numbers; empty where its check-in has no survey any more."""
    question = facts.questions[question_id]
    found = survey_of(world, facts.check_ins[question.touchpoint_id])
    return {"symptoms": [] if found is None else [one.words for one in found.symptoms]}


def _about_campaign(campaign: Campaign) -> dict[str, object]:
    return {"campaign": json.loads(campaign.fields)}

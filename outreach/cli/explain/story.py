"""One patient's story: everything that was planned, said, answered and left to staff, by time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from outreach.cli.explain.sentences import message_sentence, moment, touchpoint_sentence
from outreach.pipeline.plan import patient_zone
from outreach.pipeline.world import World
from outreach.storage.models import (
    Appointment,
    Consent,
    DoseStatus,
    FollowUp,
    Message,
    Patient,
    Permission,
    PermissionSource,
    Reply,
    Takeover,
    Touchpoint,
    VoiceCall,
)
from outreach.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened or is to happen."""

    at: datetime
    """Clinic time, UTC."""
    zone: ZoneInfo
    """Where it is told: the site's zone, else the patient's."""
    kind: str
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)
    """For programs: ids and words from closed lists."""
    text: str | None = None
    """What was said or written; shown only on demand."""


def tell(unit: Unit, world: World, patient: Patient) -> list[Entry]:
    """The story in order of time."""
    story = _Story(unit, world, patient)
    return sorted(story.entries(), key=lambda entry: entry.at)


class _Story:
    def __init__(self, unit: Unit, world: World, patient: Patient) -> None:
        self._unit, self._world, self._patient = unit, world, patient
        self._home = patient_zone(patient, world)

    def entries(self) -> Iterator[Entry]:
        yield from self._ledger()
        yield from map(self._visit, self._unit.visits.appointments_of(self._patient.id))
        yield from map(self._reply, self._unit.replies.of_patient(self._patient.id))
        yield from map(self._followup, self._unit.followups.of_patient(self._patient.id))
        contacts = self._unit.people.all_contacts(self._patient.id)
        indexes = {contact.address_index for contact in contacts}
        yield from self._from_shared_phones(indexes)
        yield from map(self._call, self._unit.inbound.calls_from(indexes))
        yield from map(self._consent, self._unit.people.consent_history(indexes))
        yield from map(self._permission, self._unit.circle.history(self._patient.id))
        yield from map(self._takeover, self._unit.takeovers.of_patient(self._patient.id))
        yield from self._doses()

    def _zone(self, site_code: str | None) -> ZoneInfo:
        """The site's zone; the patient's for what has no site, or one the clinic has given up."""
        for site in self._world.clinic.sites:
            if site.code == site_code:
                return site.zone
        return self._home

    def _ledger(self) -> Iterator[Entry]:
        rows = self._unit.ledger.of_patient(self._patient.id)
        messages = self._unit.messages.of_touchpoints([row.id for row in rows])
        for row in rows:
            yield self._touchpoint(row, messages.get(row.id, []))
        for message in self._unit.messages.of_patient(self._patient.id):
            if message.touchpoint_id is None:
                yield self._message(message)

    def _touchpoint(self, row: Touchpoint, messages: list[Message]) -> Entry:
        zone = self._zone(row.site_code)
        texts = [message.body for message in messages if message.body]
        facts = {
            "journey": row.journey,
            "step": row.step,
            "template": row.template,
            "anchor": row.anchor_at.astimezone(zone).isoformat(),
            "version": row.anchor_version,
            "outcome": row.status.value,
            "reason": row.reason.value if row.reason else None,
            "note": row.note or None,
            "decided": row.decided_at.astimezone(zone).isoformat() if row.decided_at else None,
            "messages": [_message_facts(message) for message in messages],
        }
        sentence = touchpoint_sentence(row, messages, zone)
        return Entry(row.due_at, zone, "touchpoint", sentence, facts, texts[0] if texts else None)

    def _message(self, row: Message) -> Entry:
        word = self._unit.takeovers.words_of([row.id]).get(row.id)
        who = f"Answer {row.template}" if word is None else f"Written by {word.who}"
        sentence = f"{who}. {message_sentence(row, self._home)}"
        return Entry(row.created_at, self._home, "message", sentence, _message_facts(row), row.body)

    def _visit(self, row: Appointment) -> Entry:
        zone = self._zone(row.site_code)
        site = row.site_code or "a place that is not known"
        sentence = f"Visit ({row.kind or 'of a kind that is not mapped'}) at {site}: "
        sentence += row.status.value + (", confirmed" if row.confirmed else "")
        sentence += ", on hold until a nurse decides" if row.held else ""
        if row.start_at is None:
            sentence += ", without a time"
        if row.actual_end is not None:
            sentence += f", ended {moment(row.actual_end, zone)}"
        facts = {
            "id": str(row.id),
            "status": row.status.value,
            "version": row.version,
            "confirmed": row.confirmed,
            "held": row.held,
            "site": row.site_code,
        }
        return Entry(row.start_at or row.created_at, zone, "visit", sentence + ".", facts)

    def _reply(self, row: Reply) -> Entry:
        if row.label is None:
            sentence = "The patient wrote; nobody has read it yet."
        else:
            action = row.action.value if row.action else "none"
            sentence = f"The patient wrote: {_words(row.label.value)}, action {_words(action)}."
        if row.media:
            sentence += f" With {row.media} pictures."
        facts = {
            "id": str(row.id),
            "label": row.label.value if row.label else None,
            "action": row.action.value if row.action else None,
            "keyword": row.keyword,
        }
        return Entry(row.received_at, self._home, "reply", sentence, facts, row.body)

    def _call(self, row: VoiceCall) -> Entry:
        outcome = row.outcome or "its end is not known yet"
        sentence = f"A call came to the number of the texts and was put through: {outcome}."
        facts = {"id": str(row.id), "outcome": row.outcome}
        return Entry(row.received_at, self._home, "call", sentence, facts)

    def _from_shared_phones(self, indexes: set[str]) -> Iterator[Entry]:
        """What somebody wrote at a phone of theirs, of which it is not known who it was."""
        replies = self._unit.replies.of_nobody(indexes) if indexes else []
        for row in replies:
            told = self._reply(row)
            somebody = told.sentence.replace(
                "The patient wrote", "Somebody at a shared phone wrote"
            )
            yield replace(told, sentence=somebody)
        items = self._unit.followups.of_replies([row.id for row in replies]) if replies else []
        yield from map(self._followup, items)

    def _followup(self, row: FollowUp) -> Entry:
        sentence = f"Follow-up {row.code} ({_words(row.kind)}, {_words(row.priority.value)}) for "
        sentence += f"staff, due {moment(row.due_at, self._home)}: {row.status.value}"
        sentence += f" by {row.assignee}." if row.assignee else "."
        facts = {
            "code": row.code,
            "matter": row.kind,
            "priority": row.priority.value,
            "status": row.status.value,
            "due": row.due_at.astimezone(self._home).isoformat(),
            "assignee": row.assignee,
        }
        return Entry(row.created_at, self._home, "followup", sentence, facts, row.summary)

    def _takeover(self, row: Takeover) -> Entry:
        """What was asked is suspended, and automation waits, from here to its end."""
        sentence = f"The conversation by {row.channel.value} was taken over, last by {row.nurse}"
        if row.ended_at is None:
            sentence += f", until {moment(row.ends_at, self._home)} at the earliest."
        else:
            by = "it timed out" if row.ended_by == "outreach" else f"given back by {row.ended_by}"
            sentence += f", until {moment(row.ended_at, self._home)}: {by}."
        facts = {
            "channel": row.channel.value,
            "by": row.nurse,
            "answered": row.answered,
            "ended": row.ended_at.astimezone(self._home).isoformat() if row.ended_at else None,
        }
        return Entry(row.began_at, self._home, "takeover", sentence, facts)

    def _consent(self, row: Consent) -> Entry:
        sentence = f"Consent for {row.channel.value}: {_words(row.action.value)} of "
        sentence += f"{_words(row.scope.value)}, by {_words(row.source)}."
        facts = {
            "channel": row.channel.value,
            "action": row.action.value,
            "scope": row.scope.value,
            "source": row.source,
        }
        return Entry(row.recorded_at, self._home, "consent", sentence, facts)

    def _permission(self, row: Permission) -> Entry:
        said = "may be used" if row.granted else "must not be used"
        by = "staff" if row.source is PermissionSource.STAFF else "the scheduling system"
        sentence = f"Somebody else's address ({row.channel.value}) {said}, by {by}."
        facts = {"channel": row.channel.value, "granted": row.granted, "source": row.source.value}
        return Entry(row.recorded_at, self._home, "permission", sentence, facts)

    def _doses(self) -> Iterator[Entry]:
        for regimen in self._unit.visits.regimens_of(self._patient.id):
            for dose in self._unit.visits.doses_of(regimen.id):
                if dose.status is not DoseStatus.WITHDRAWN:
                    said = "" if dose.status is DoseStatus.PLANNED else " (the patient said so)"
                    sentence = f"Home dose: {dose.status.value}{said}."
                    facts = {"id": str(dose.id), "status": dose.status.value}
                    yield Entry(dose.due_at, self._home, "dose", sentence, facts)


def _message_facts(row: Message) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "channel": row.channel.value,
        "template": row.template,
        "language": row.language,
        "to_whom": row.to_whom,
        "status": row.status.value,
        "reason": row.reason.value if row.reason else None,
        "code": row.error_code,
        "segments": row.segments,
        "attempts": row.attempts,
    }


def _words(value: str) -> str:
    return value.replace("_", " ")

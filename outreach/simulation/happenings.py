"""What each kind of line of a scenario does: the outside world speaks to the pipeline."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from outreach.domain.consent import ConsentScope
from outreach.domain.errors import BadInput
from outreach.domain.states import ChannelKind
from outreach.pipeline import arrive, closure, consent, followup, receipt, reply
from outreach.pipeline.replies import staff_message, takeover
from outreach.pipeline.world import World
from outreach.simulation import campaigns
from outreach.simulation.scenario import Line
from outreach.simulation.wording import Note
from outreach.storage.models import InboxStatus, Message
from outreach.storage.unit import Unit

SOURCE = "scenario"
_OF_THE_FORM = ("no offset", "id: missing", "later than its arrival")
"""Warnings that say nothing of a scenario, where the player itself fills these in."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    line: int
    id: UUID


class Happenings:
    """Everything that can happen to a clinic in a scenario, but that time passes."""

    def __init__(self, world: World, note: Note) -> None:
        self._world, self._note = world, note
        self._arrived: list[_Arrived] = []

    def happen(self, line: Line) -> None:
        """Does what one line says.

        Raises:
            KeyError: a key that it needs is missing.
            OutreachError: it speaks of something that cannot be.
        """
        {
            "event": self._event,
            "reply": self._reply,
            "receipt": self._receipt,
            "optout": self._opt_out,
            "optin": self._opt_in,
            "campaign": lambda line: campaigns.launch(self._world, line, self._note),
            "close": self._close,
            "closure": self._closure,
            "staff": self._staff,
        }[line.verb](line)

    def tell_of_events(self) -> None:
        """Notes every event that changed nothing, and every field that was not understood."""
        with self._world.db.read() as unit:
            for arrived in self._arrived:
                row = unit.inbox.event(arrived.id)
                if row is None:
                    continue
                told = [text for text in row.warnings if not any(w in text for w in _OF_THE_FORM)]
                if row.status in {InboxStatus.QUARANTINED, InboxStatus.IGNORED, InboxStatus.STALE}:
                    told.insert(0, f"{row.status.value}: {row.reason}")
                for text in told:
                    self._note(f"Line {arrived.line}: {text}")

    def _event(self, line: Line) -> None:
        if "raw" in line.details:
            raw, content_type = str(line.details["raw"]).encode(), ""
        else:
            event = {"source": SOURCE, "id": f"line-{line.number}", **line.details}
            event.setdefault("occurred_at", line.at.isoformat())
            raw, content_type = json.dumps(event).encode(), "application/json"
        stored = arrive.arrive(self._world, raw, source=SOURCE, content_type=content_type)
        if stored.new:
            self._arrived.append(_Arrived(line.number, stored.id))

    def _reply(self, line: Line) -> None:
        details = line.details
        sender = details["patient"] if "patient" in details else details["from"]
        number = line.number
        reply.receive(
            self._world,
            reply.Inbound(
                provider_id=f"SIM-reply-{details.get('id', number)}",
                channel=ChannelKind.SMS,
                sender=self._phone(sender),
                recipient=self._world.clinic.phone,
                body=str(details["body"] if "body" in details else details["text"]),
            ),
        )

    def _receipt(self, line: Line) -> None:
        """A report about something that was never sent changes nothing, as it would for real."""
        details = line.details
        status, step = str(details["status"]).lower(), str(details["step"])
        patient = _named(details["patient"])
        code = next((details[key] for key in ("code", "error_code") if details.get(key)), None)
        try:
            error_code = None if code is None else int(code)
        except (TypeError, ValueError):
            raise BadInput("scenario", "'code' must be a number such as 30006") from None
        with self._world.db.read() as unit:
            message = self._last_sent(unit, patient, step, details.get("channel"))
        if message is None or message.provider_id is None:
            self._note(f"Line {line.number}: no {step!r} was sent to that patient by then.")
            return
        reported = receipt.Reported(message.provider_id, status, error_code, message.id)
        receipt.receive(self._world, reported)

    def _last_sent(
        self, unit: Unit, patient: str, step: str, channel: str | None
    ) -> Message | None:
        """What went out last of this step; of a text and the email beside it, the text."""
        rows = [row for row in unit.ledger.everything() if row.step == step]
        mine = self._of_patient(unit, patient, {row.patient_id for row in rows})
        texts = unit.messages.of_touchpoints([row.id for row in rows if row.patient_id in mine])
        sent = [
            message
            for some in texts.values()
            for message in some
            if message.provider_id is not None and channel in {None, message.channel.value}
        ]
        if not sent:
            return None
        newest = max(self._time_of(message) for message in sent)
        last = [message for message in sent if self._time_of(message) == newest]
        return min(last, key=lambda message: message.channel is ChannelKind.EMAIL)

    @staticmethod
    def _time_of(message: Message) -> datetime:
        return message.accepted_at or message.created_at

    def _of_patient(self, unit: Unit, patient: str, among: Iterable[UUID]) -> set[UUID]:
        """Which of these patients a scenario means by an identifier or a phone."""
        ids = set(among)
        names = unit.people.identifiers_of(ids)
        found = {one for one in ids if patient in {str(one), *(name.value for name in names[one])}}
        if found:
            return found
        contacts = unit.people.contacts_of(list(ids))
        return {one for one in ids if any(row.address == patient for row in contacts.get(one, ()))}

    def _phone(self, written: Any) -> str:
        """A phone in E.164, as it is written or as that of a patient who is named instead."""
        text = _named(written)
        try:
            return consent.e164(text, self._world)
        except BadInput:
            with self._world.db.read() as unit:
                ids = {patient.id for patient in unit.campaigns.audience(None)}
                for one in sorted(self._of_patient(unit, text, ids)):
                    for contact in unit.people.all_contacts(one):
                        if contact.channel is ChannelKind.SMS:
                            return contact.address
            raise

    def _opt_out(self, line: Line) -> None:
        channel, address = self._address(line)
        consent.record_opt_out(self._world, channel, address, source="staff", actor=SOURCE)

    def _opt_in(self, line: Line) -> None:
        """Consent on record: for ``campaign`` where the line does not say for what."""
        details = line.details
        written = str(details.get("scope", details.get("purpose", "campaign"))).lower()
        try:
            scope = ConsentScope(written)
        except ValueError:
            raise BadInput("scenario", f"consent is for one of {', '.join(ConsentScope)}") from None
        channel, address = self._address(line)
        if scope is ConsentScope.MARKETING:
            consent.record_authorisation(
                self._world, channel, address, actor=SOURCE, words="signed, as the scenario says"
            )
            return
        consent.record_opt_in(self._world, channel, address, scope, source="staff", actor=SOURCE)

    def _address(self, line: Line) -> tuple[ChannelKind, str]:
        details = line.details
        if "email" in details:
            return ChannelKind.EMAIL, str(details["email"]).strip()
        return ChannelKind.SMS, self._phone(
            details["phone"] if "phone" in details else details.get("from", details["patient"])
        )

    def _close(self, line: Line) -> None:
        """A nurse ends the patient's newest item of a kind that is not closed yet."""
        patient, kind = _named(line.details["patient"]), str(line.details["followup"])
        with self._world.db.read() as unit:
            rows = [row for row in unit.followups.worklist() if row.kind == kind]
            mine = self._of_patient(
                unit, patient, {row.patient_id for row in rows if row.patient_id}
            )
            rows = [row for row in rows if row.patient_id in mine]
        if not rows:
            raise BadInput("scenario", f"that patient has no open {kind!r} by then")
        newest = max(rows, key=lambda row: (row.created_at, row.id))
        followup.close(self._world, newest.code, SOURCE, str(line.details["outcome"]))

    def _staff(self, line: Line) -> None:
        """A person of the clinic writes to a patient, or gives the conversation back.

        The copy rules are shown to who writes, and a scenario has seen them: what they refuse is
        refused here too.
        """
        details, world = line.details, self._world
        to, who = _named(details["patient"]), str(details.get("by", SOURCE))
        if details.get("release"):
            with world.db.read() as unit:
                patient = staff_message.addressee(unit, world, to).patient
            takeover.release(world, patient.id, who)
            return
        words = details["text"] if "text" in details else details["body"]
        token = str(details.get("token", f"line-{line.number}"))
        staff_message.say(world, to, str(words), who=who, token=token, anyway=True)

    def _closure(self, line: Line) -> None:
        details = line.details
        site = self._world.clinic.site_named(str(details["site"]))
        if site is None:
            raise BadInput("scenario", "clinic.yaml has no such site")
        try:
            day = date.fromisoformat(str(details["date"]))
        except ValueError:
            raise BadInput("scenario", "a closure needs a date such as 2027-03-10") from None
        closure.record(self._world, site, day, SOURCE)


def outage_length(details: dict[str, Any]) -> timedelta | None:
    """How long an outage lasts that says so instead of naming its end."""
    for unit in ("minutes", "hours"):
        if isinstance(details.get(unit), int | float):
            return timedelta(**{unit: details[unit]})
    return None


def _named(written: Any) -> str:
    """An identifier as it is written: alone, or as a patient is in an event."""
    if isinstance(written, dict):
        written = next(
            (written[key] for key in ("ids", "id", "mrn", "phone") if key in written), ""
        )
    if isinstance(written, list):
        written = written[0] if written else ""
    if isinstance(written, dict):
        written = written.get("value", "")
    return str(written).strip()

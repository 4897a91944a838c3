"""The native JSON event -> parsed items.

``event.schema.json`` beside this file publishes the shape; this reader takes all that the
schema allows and forgives more: single strings for lists, times without an offset.
"""

import hashlib
import re
from dataclasses import replace
from datetime import date, datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outreach.domain.errors import BadInput
from outreach.domain.events import (
    AppointmentData,
    AppointmentStatus,
    ContactRole,
    EventKind,
    Identifier,
    ItemKind,
    ParsedItem,
    PatientData,
    Problem,
    RegimenData,
    SchedulingEvent,
    Telecom,
)
from outreach.intake.interface import Arrival
from outreach.intake.json_fields import MAX_LIST, Json, child, flag, text, texts, unique
from outreach.intake.languages import language_tag
from outreach.intake.local_time import Moment, NotATime, doubt_note, iso_moment, with_time
from outreach.intake.native_names import with_published_names
from outreach.intake.telecoms import ranked

_STATUS_AFTER = {
    EventKind.APPOINTMENT_BOOKED: AppointmentStatus.BOOKED,
    EventKind.APPOINTMENT_RESCHEDULED: AppointmentStatus.BOOKED,
    EventKind.APPOINTMENT_CANCELLED: AppointmentStatus.CANCELLED,
    EventKind.APPOINTMENT_NOSHOW: AppointmentStatus.NOSHOW,
    EventKind.APPOINTMENT_CHECKED_IN: AppointmentStatus.CHECKED_IN,
    EventKind.INFUSION_STARTED: AppointmentStatus.ARRIVED,
    EventKind.INFUSION_COMPLETED: AppointmentStatus.FULFILLED,
    EventKind.INFUSION_STOPPED: AppointmentStatus.FULFILLED,
}
_NEEDS_START = frozenset({EventKind.APPOINTMENT_BOOKED, EventKind.APPOINTMENT_RESCHEDULED})
_IDS = frozenset({"ids", "id"})
_READ = {
    "": frozenset(
        {"id", "source", "type", "occurred_at", "patient", "appointment", "regimen", "merge"}
        | {"details", "prior_ids", "prior_id"}
    ),
    "patient": _IDS
    | {"mrn", "family", "given", "birth_date", "phone", "phones", "email", "emails", "language"}
    | {"zone", "postal_code", "deceased", "active", "risks"},
    "appointment": _IDS
    | {"start", "end", "status", "service", "location", "site", "first_visit"}
    | {"actual_start", "actual_end", "lots"},
    "regimen": _IDS | {"dose_dates", "rule", "location"},
    "merge": frozenset({"prior_ids", "prior_id"}),
}
"""What this reader takes of each object; the empty name is the event itself."""
_MOST_NAMED = 10
_FIELD_NAME = re.compile(r"[A-Za-z_.]{1,60}")
_DETAILS = ("due", "expires", "tracking", "carrier", "reference")
_MAX_DOSES_READ = 5000


def schema_text() -> str:
    """The published JSON Schema of the native event."""
    return (files("outreach.intake") / "event.schema.json").read_text(encoding="utf-8")


def read_native(value: Json, raw: bytes, arrival: Arrival) -> ParsedItem:
    """The item of one native event. An unknown ``type`` is ignored, anything wrong rejected."""
    value = with_published_names(value)
    trigger = text(value, "type")
    try:
        kind = EventKind(trigger)
    except ValueError:
        if trigger:
            return ParsedItem(ItemKind.IGNORED, raw, trigger)
        problem = Problem("required", "type: missing")
        return ParsedItem(ItemKind.REJECTED, raw, "", problem=problem)
    reader = _Reader(value, arrival)
    reader.notes += _unread(value)
    try:
        item, event = reader.event(kind, raw)
    except BadInput as error:
        problem = Problem(error.code, error.message)
        notes = tuple(reader.notes)
        return ParsedItem(ItemKind.REJECTED, raw, trigger, problem=problem, warnings=notes)
    return ParsedItem(item, raw, trigger, event, warnings=tuple(dict.fromkeys(reader.notes)))


class _Reader:
    """Reads one native event; ``notes`` collects what had to be forgiven."""

    def __init__(self, value: Json, arrival: Arrival) -> None:
        self.value = value
        self.arrival = arrival
        self.notes: list[str] = []
        self.zone = arrival.default_zone

    def event(self, kind: EventKind, raw: bytes) -> tuple[ItemKind, SchedulingEvent]:
        """The event. Raises BadInput for what is missing or cannot be."""
        visit, regimen = None, None
        item = ItemKind.PATIENT
        if kind in _STATUS_AFTER:
            item, visit = ItemKind.APPOINTMENT, self._visit(kind)
        elif kind.startswith("regimen."):
            item, regimen = ItemKind.REGIMEN, self._regimen(kind)
        patient = self._patient()
        prior: tuple[Identifier, ...] = ()
        if kind is EventKind.PATIENT_MERGED:
            item, prior = ItemKind.MERGE, self._prior(patient)
        if kind is EventKind.PATIENT_DECEASED:
            patient = replace(patient, deceased=True)
        at = self._moment(self.value, "occurred_at")
        event_id = text(self.value, "id")
        if not event_id:
            event_id = "sha256:" + hashlib.sha256(raw).hexdigest()[:32]
            self.notes.append("id: missing; a digest of the event stands in for it")
        return item, SchedulingEvent(
            source=text(self.value, "source") or self.arrival.source,
            event_id=event_id,
            kind=kind,
            occurred_at=at.at if at else self.arrival.received_at,
            patient=patient,
            appointment=visit,
            regimen=regimen,
            prior_identifiers=prior,
            details=self._details(),
            lots=self._shipped_lots(kind),
        )

    def _patient(self) -> PatientData:
        patient = child(self.value, "patient")
        ids = self._identifiers(patient, "ids", "id", "mrn")
        if not ids:
            raise BadInput("required", "patient.ids: no patient identifier")
        language = text(patient, "language")
        tag = language_tag(language) if language else None
        if language and tag is None:
            self.notes.append("patient.language: not known; left out")
        return PatientData(
            identifiers=ids,
            family=text(patient, "family") or None,
            given=text(patient, "given") or None,
            birth_date=self._birth_date(patient),
            telecoms=_telecoms(patient),
            language=tag,
            zone=self._verified_zone(patient),
            postal_code=text(patient, "postal_code") or None,
            deceased=flag(patient, "deceased"),
            active=flag(patient, "active"),
            risks=tuple(texts(patient, "risks")) if "risks" in patient else None,
        )

    def _birth_date(self, patient: Json) -> date | None:
        written = text(patient, "birth_date")
        try:
            return date.fromisoformat(written) if written else None
        except ValueError:
            self.notes.append("patient.birth_date: not a date; left out")
            return None

    def _verified_zone(self, patient: Json) -> str | None:
        written = text(patient, "zone")
        try:
            return ZoneInfo(written).key if written else None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.notes.append("patient.zone: not an IANA zone; left out")
        return None

    def _visit(self, kind: EventKind) -> AppointmentData:
        visit = child(self.value, "appointment")
        ids = self._identifiers(visit, "ids", "id")
        if not ids:
            raise BadInput("required", "appointment.ids: no appointment identifier")
        written = text(visit, "location") or text(visit, "site")
        site, self.zone = self.arrival.zone_at((written,) if written else ())
        start, end = self._moment(visit, "start"), self._moment(visit, "end")
        if start is None and kind in _NEEDS_START:
            raise BadInput("required", "appointment.start: missing")
        begun, ended = self._moment(visit, "actual_start"), self._moment(visit, "actual_end")
        for first, last, place in ((start, end, "end"), (begun, ended, "actual_end")):
            if first and last and last.at < first.at:
                raise BadInput("invariant", f"appointment.{place}: before its start")
        return AppointmentData(
            identifiers=ids,
            start=start.at if start else None,
            end=end.at if end else None,
            status=self._status(visit, kind),
            service=text(visit, "service") or None,
            site=site,
            first_visit=flag(visit, "first_visit"),
            actual_start=begun.at if begun else None,
            actual_end=ended.at if ended else None,
            lots=_lots(visit),
            date_only=start is not None and start.date_only,
        )

    def _status(self, visit: Json, kind: EventKind) -> AppointmentStatus:
        """The type decides; a written status may only say more about a booking."""
        written = text(visit, "status")
        said = self.arrival.status_named(written) if written else None
        after = _STATUS_AFTER[kind]
        if written and said is None:
            raise BadInput("value", "appointment.status: not a status of FHIR R4")
        finer = (AppointmentStatus.PENDING, AppointmentStatus.PROPOSED, AppointmentStatus.WAITLIST)
        if after is AppointmentStatus.BOOKED and said in (*finer, AppointmentStatus.FULFILLED):
            return said or after
        if after is AppointmentStatus.CANCELLED and said is AppointmentStatus.ENTERED_IN_ERROR:
            return said
        if said is not None and said is not after:
            self.notes.append(f"appointment.status: says {said}; the type outranks it")
        return after

    def _regimen(self, kind: EventKind) -> RegimenData:
        regimen = child(self.value, "regimen")
        ids = self._identifiers(regimen, "ids", "id")
        if not ids:
            raise BadInput("required", "regimen.ids: no regimen identifier")
        written = regimen.get("dose_dates", [])
        if not isinstance(written, list) or len(written) > _MAX_DOSES_READ:
            raise BadInput("value", "regimen.dose_dates: not a list of times")
        site = text(regimen, "location")
        _, self.zone = self.arrival.zone_at((site,) if site else ())
        doses = {self._dose(one) for one in written}
        if not doses and kind is not EventKind.REGIMEN_STOPPED:
            self.notes.append("regimen.dose_dates: empty, so no reminders")
        ordered = tuple(sorted(doses))
        limit = self.arrival.settings.max_doses
        if len(ordered) > limit:
            self.notes.append(f"regimen.dose_dates: only the first {limit} were taken")
        return RegimenData(ids, ordered[:limit], text(regimen, "rule") or None)

    def _dose(self, written: object) -> datetime:
        moment = self._moment({"dose": written}, "dose") if isinstance(written, str) else None
        if moment is None:
            raise BadInput("value", "regimen.dose_dates: not a date and time")
        return with_time(moment, self.arrival.settings.dose_time, self.zone).at

    def _prior(self, patient: PatientData) -> tuple[Identifier, ...]:
        merge = child(self.value, "merge")
        prior = self._identifiers(merge, "prior_ids", "prior_id")
        prior = prior or self._identifiers(self.value, "prior_ids", "prior_id")
        if not prior:
            raise BadInput("required", "merge.prior_ids: no prior patient identifier")
        ended = tuple(one for one in prior if one not in patient.identifiers)
        if not ended:
            raise BadInput("invariant", "merge.prior_ids: the record is merged with itself")
        return ended

    def _details(self) -> dict[str, str]:
        given = child(self.value, "details")
        return {key: found for key in _DETAILS if (found := text(given, key))}

    def _shipped_lots(self, kind: EventKind) -> tuple[str, ...]:
        shipment = kind.startswith("shipment.")
        return _lots(child(self.value, "details")) if shipment else ()

    def _identifiers(self, holder: Json, *keys: str) -> tuple[Identifier, ...]:
        """Objects of system and value, or bare values, which are this source's own."""
        authority = self.arrival.settings.authority or self.arrival.source
        found: list[Identifier] = []
        for key in keys:
            value = holder.get(key)
            for one in value[:MAX_LIST] if isinstance(value, list) else [value]:
                entry: dict[str, Any] = one if isinstance(one, dict) else {"value": one}
                if named := text(entry, "value"):
                    found.append(Identifier(text(entry, "system") or authority, named))
        return unique(found)

    def _moment(self, holder: Json, key: str) -> Moment | None:
        written = text(holder, key)
        if not written:
            return None
        try:
            moment = iso_moment(written, self.zone)
        except NotATime:
            raise BadInput("value", f"{key}: not a date and time that exists") from None
        if moment.zone_assumed and not moment.date_only:
            self.notes.append(f"{key}: no offset; the site's time zone was taken")
        if note := doubt_note(moment, key):
            self.notes.append(note)
        return moment


def _unread(value: Json) -> list[str]:
    """Names the fields that are not read, so that no misnamed one is lost in silence.

    Only short plain words are repeated: a sender may have put anything where a name belongs.
    """
    unread = [
        f"{place}.{key}" if place else key
        for place, known in _READ.items()
        for key in (child(value, place) if place else value)
        if key not in known
    ]
    plain = [name for name in unread if _FIELD_NAME.fullmatch(name)]
    notes = [f"{name}: not a field of this event; left out" for name in plain[:_MOST_NAMED]]
    if hidden := len(unread) - len(notes):
        notes.append(f"{hidden} more fields that are not of this event; left out")
    return notes


def _lots(holder: Json) -> tuple[str, ...]:
    """Lot numbers as strings, numbers or objects; one that is no string must not be lost."""
    value = holder.get("lots")
    found: list[str] = []
    for one in value[:MAX_LIST] if isinstance(value, list) else [value]:
        entry: dict[str, Any] = one if isinstance(one, dict) else {"value": one}
        written = [text(entry, key) for key in ("value", "number", "lot_number", "lot")]
        found += [lot for lot in written if lot][:1]
    return tuple(found)


def _telecoms(patient: Json) -> tuple[Telecom, ...] | None:
    """``phone``, ``phones``, ``email``, ``emails``; None when none of them is there."""
    if not {"phone", "phones", "email", "emails"} & patient.keys():
        return None
    found: list[Telecom] = []
    for key, kind in (
        ("phone", "phone"),
        ("phones", "phone"),
        ("email", "email"),
        ("emails", "email"),
    ):
        value = patient.get(key)
        for one in value[:MAX_LIST] if isinstance(value, list) else [value]:
            entry: dict[str, Any] = one if isinstance(one, dict) else {"value": one}
            if written := text(entry, "value"):
                telecom = Telecom(written, kind, flag(entry, "mobile"), _role(entry))
                found.append(
                    replace(
                        telecom,
                        permitted=flag(entry, "permitted"),
                        preferred=flag(entry, "preferred") is True,
                    )
                )
    return ranked(found)


def _role(entry: Json) -> ContactRole:
    try:
        return ContactRole(text(entry, "role") or "self")
    except ValueError:
        return ContactRole.CAREGIVER

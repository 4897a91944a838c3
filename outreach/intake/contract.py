"""One parsed item as an object of ``outreach parse --json``: the contract other programs read."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from outreach.domain.events import (
    AppointmentData,
    Identifier,
    ParsedItem,
    PatientData,
    RegimenData,
    SchedulingEvent,
    Telecom,
)
from outreach.domain.phones import check_number


def describe(
    item: ParsedItem, file: str, index: int, region: str, zone: tzinfo = UTC
) -> dict[str, Any]:
    """The object for ``item``, the ``index``-th (from 0) of ``file``.

    Times are ISO 8601 with the offset of ``zone``. ``patient.phone`` is the first number in the
    order of trial that is valid (E.164), ``phones`` all of them; numbers that cannot exist are
    left out with a warning.
    """
    event = item.event
    warnings = list(item.warnings)
    problem = item.problem
    return {
        "file": file,
        "index": index,
        "kind": item.kind.value,
        "trigger": item.trigger,
        "event": event.kind.value if event else None,
        "event_id": event.event_id if event else None,
        "occurred_at": _time(event.occurred_at, zone) if event else None,
        "appointment": _visit(event.appointment, zone) if event and event.appointment else None,
        "patient": _patient(event.patient, region, warnings) if event else None,
        "merge": (
            {"prior_ids": _identifiers(event.prior_identifiers)}
            if event and event.prior_identifiers
            else None
        ),
        "regimen": _regimen(event.regimen, zone) if event and event.regimen else None,
        "shipment": _shipment(event) if event and event.kind.startswith("shipment.") else None,
        "warnings": warnings,
        "error": {"code": problem.code, "message": problem.message} if problem else None,
    }


def _time(at: datetime | None, zone: tzinfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat()


def _identifiers(identifiers: tuple[Identifier, ...]) -> list[dict[str, str]]:
    return [{"system": one.system, "value": one.value} for one in identifiers]


def _visit(visit: AppointmentData, zone: tzinfo) -> dict[str, Any]:
    return {
        "ids": _identifiers(visit.identifiers),
        "start": _time(visit.start, zone),
        "end": _time(visit.end, zone),
        "status": visit.status.value if visit.status else None,
        "service": visit.service,
        "location": visit.site,
        "first_visit": visit.first_visit,
        "actual_start": _time(visit.actual_start, zone),
        "actual_end": _time(visit.actual_end, zone),
        "lots": list(visit.lots),
        "date_only": visit.date_only,
    }


def _shipment(event: SchedulingEvent) -> dict[str, Any]:
    return {**event.details, "lots": list(event.lots)}


def _patient(patient: PatientData, region: str, warnings: list[str]) -> dict[str, Any]:
    telecoms = sorted(patient.telecoms or (), key=lambda one: one.rank)
    phones = _phones(telecoms, region, warnings)
    emails = [one.value for one in telecoms if one.kind == "email"]
    return {
        "ids": _identifiers(patient.identifiers),
        "family": patient.family,
        "given": patient.given,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "phone": phones[0] if phones else None,
        "phones": phones,
        "email": emails[0] if emails else None,
        "contacts": [_contact(one, region) for one in telecoms],
        "language": patient.language,
        "deceased": patient.deceased,
        "active": patient.active,
    }


def _contact(one: Telecom, region: str) -> dict[str, Any]:
    """Whose address it is; ``value`` is E.164 where it is a number that can exist."""
    number = check_number(one.value, region).e164 if one.kind == "phone" else None
    return {
        "kind": one.kind,
        "value": number or one.value,
        "role": one.role.value,
        "permitted": one.permitted,
        "preferred": one.preferred,
    }


def _phones(telecoms: list[Telecom], region: str, warnings: list[str]) -> list[str]:
    found: list[str] = []
    for one in telecoms:
        if one.kind != "phone":
            continue
        number = check_number(one.value, region).e164
        if number is None:
            warnings.append("patient: a phone number that cannot exist was left out")
        elif number not in found:
            found.append(number)
    return found


def _regimen(regimen: RegimenData, zone: tzinfo) -> dict[str, Any]:
    return {
        "ids": _identifiers(regimen.identifiers),
        "dose_dates": [_time(dose, zone) for dose in regimen.doses],
        "rule": regimen.rule,
    }

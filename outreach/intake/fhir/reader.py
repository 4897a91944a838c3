"""FHIR JSON -> parsed items: a resource, or every entry of a Bundle of any type."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from outreach.domain.errors import BadInput
from outreach.domain.events import (
    EventKind,
    ItemKind,
    ParsedItem,
    Problem,
    SchedulingEvent,
)
from outreach.intake.fhir.patient import patient_change, patient_of
from outreach.intake.fhir.regimen import regimen_change
from outreach.intake.fhir.scope import Scope
from outreach.intake.fhir.visits import (
    Change,
    administration_change,
    appointment_change,
    delivered_lots,
    delivery_change,
    encounter_change,
)
from outreach.intake.interface import Arrival
from outreach.intake.json_fields import Json, child, children, dump, text

_READERS = {
    "Appointment": appointment_change,
    "Encounter": encounter_change,
    "MedicationAdministration": administration_change,
    "SupplyDelivery": delivery_change,
}

Found = tuple[ItemKind, SchedulingEvent]

_ONE_ITEM = "urn:outreach:one-item"
"""Tags a Bundle whose first entry alone is an item; the others are what it refers to."""


def read_fhir(resource: Json, raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    """The items of one resource; ``raw`` are its bytes. A Bundle gives one item per entry.

    In a notification Bundle (subscriptions backport) the status entry is an ignored item of its
    own; references to other hosts are names and never fetched.
    """
    if text(resource, "resourceType") != "Bundle":
        return [_item(resource, raw, {}, arrival)]
    return _bundle_items(resource, raw, arrival)


def _bundle_items(bundle: Json, raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        problem = Problem("structure", "Bundle.entry is not a list")
        return [ParsedItem(ItemKind.REJECTED, raw, "Bundle", problem=problem)]
    if len(entries) > arrival.settings.max_items:
        problem = Problem("too-long", "Bundle has more entries than this interface takes")
        return [ParsedItem(ItemKind.REJECTED, raw, "Bundle", problem=problem)]
    if not entries:
        return [ParsedItem(ItemKind.IGNORED, raw, "Bundle")]
    neighbours = _neighbours(entries)
    if any(tag.get("system") == _ONE_ITEM for tag in children(child(bundle, "meta"), "tag")):
        entries = entries[:1]
    return [_entry_item(entry, neighbours, arrival) for entry in entries]


def _neighbours(entries: list[object]) -> dict[str, Json]:
    """The resources of a Bundle by full URL and by ``Type/id``; the first of a kind counts."""
    found: dict[str, Json] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        resource = child(entry, "resource")
        if not resource:
            continue
        url, logical = text(entry, "fullUrl"), text(resource, "id")
        if url:
            found.setdefault(url, resource)
        if logical:
            found.setdefault(f"{text(resource, 'resourceType')}/{logical}", resource)
    return found


def _entry_item(entry: object, neighbours: Mapping[str, Json], arrival: Arrival) -> ParsedItem:
    raw = dump(entry)
    if not isinstance(entry, dict):
        problem = Problem("structure", "Bundle.entry is not an object")
        return ParsedItem(ItemKind.REJECTED, raw, "Bundle", problem=problem)
    resource = child(entry, "resource")
    if not resource:
        deleted = text(child(entry, "request"), "method").upper() == "DELETE"
        note = ("a deletion names no patient, so nothing was changed",) if deleted else ()
        return ParsedItem(ItemKind.IGNORED, raw, "Bundle", warnings=note)
    if text(resource, "resourceType") == "Bundle":
        problem = Problem("not-supported", "a Bundle within a Bundle is not read")
        return ParsedItem(ItemKind.REJECTED, raw, "Bundle", problem=problem)
    url = text(entry, "fullUrl")
    if url.startswith("urn:uuid:") and not text(resource, "id"):
        # A transaction's new resource: until the server names it, its URN is its only id.
        resource = {**resource, "id": url}
    return _item(resource, dump(resource), neighbours, arrival)


def _item(
    resource: Json, raw: bytes, neighbours: Mapping[str, Json], arrival: Arrival
) -> ParsedItem:
    scope = Scope(resource, arrival, neighbours)
    kind = scope.kind
    if not kind:
        problem = Problem("structure", "resourceType is missing")
        return ParsedItem(ItemKind.REJECTED, raw, "", problem=problem)
    try:
        found = _found(scope, raw)
    except BadInput as error:
        problem = Problem(error.code, error.message)
        return ParsedItem(
            ItemKind.REJECTED, raw, kind, problem=problem, warnings=tuple(scope.notes)
        )
    warnings = tuple(dict.fromkeys(scope.notes))
    if found is None:
        return ParsedItem(ItemKind.IGNORED, raw, kind, warnings=warnings)
    return ParsedItem(found[0], _alone(scope, raw), kind, found[1], warnings=warnings)


def _alone(scope: Scope, raw: bytes) -> bytes:
    """What reads as the same item without its Bundle: the resource and what it refers to there."""
    if not scope.used:
        return raw
    around = [{"fullUrl": url, "resource": found} for url, found in scope.used.items()]
    tag = [{"system": _ONE_ITEM}]
    entries = [{"resource": scope.resource}, *around]
    meta = {"tag": tag}
    return dump({"resourceType": "Bundle", "type": "collection", "meta": meta, "entry": entries})


def _found(scope: Scope, raw: bytes) -> Found | None:
    """The event a resource holds; None when it holds none for us."""
    at = scope.occurred_at()
    name = _event_id(scope, raw)
    source = scope.arrival.source
    if scope.kind == "Patient":
        kind, patient, prior = patient_change(scope)
        item = ItemKind.MERGE if kind is EventKind.PATIENT_MERGED else ItemKind.PATIENT
        return item, SchedulingEvent(source, name, kind, at, patient, prior_identifiers=prior)
    if scope.kind == "MedicationRequest":
        changed = regimen_change(scope)
        if changed is None:
            return None
        patient = patient_of(scope, child(scope.resource, "subject"))
        event = SchedulingEvent(source, name, changed[0], at, patient, regimen=changed[1])
        return ItemKind.REGIMEN, event
    reader = _READERS.get(scope.kind)
    change = reader(scope) if reader else None
    if change is None:
        return None
    lots = delivered_lots(scope) if scope.kind == "SupplyDelivery" else ()
    return _event(change, source, name, at, lots)


def _event(change: Change, source: str, name: str, at: datetime, lots: tuple[str, ...]) -> Found:
    kind, patient, visit, details = change
    event = SchedulingEvent(source, name, kind, at, patient, visit, details=details, lots=lots)
    return (ItemKind.PATIENT if visit is None else ItemKind.APPOINTMENT), event


def _event_id(scope: Scope, raw: bytes) -> str:
    """``Type/id/version``; the version is versionId, else lastUpdated, else a digest."""
    meta = child(scope.resource, "meta")
    version = text(meta, "versionId") or text(meta, "lastUpdated")
    version = version or "sha256:" + hashlib.sha256(raw).hexdigest()[:32]
    return f"{scope.kind}/{text(scope.resource, 'id') or '-'}/{version}"

"""Other names for the fields of the native event: what people write who have not read the schema.

Only names and places of fields are forgiven here, never values; the published name wins where both
are there. What is renamed is not told of, because nothing of it is lost.
"""

from outreach.intake.json_fields import Json, child, text

_WRITTEN = {
    "": {
        "event_id": "id",
        "event_type": "type",
        "visit": "appointment",
        "timestamp": "occurred_at",
    },
    "patient": {
        "identifiers": "ids",
        "patient_id": "id",
        "first_name": "given",
        "given_name": "given",
        "last_name": "family",
        "family_name": "family",
        "dob": "birth_date",
        "date_of_birth": "birth_date",
        "mobile": "phone",
        "mobile_phone": "phone",
        "cell": "phone",
        "phone_number": "phone",
        "email_address": "email",
        "preferred_language": "language",
        "lang": "language",
        "time_zone": "zone",
        "timezone": "zone",
        "zip": "postal_code",
        "zip_code": "postal_code",
        "zipcode": "postal_code",
        "postcode": "postal_code",
    },
    "appointment": {
        "identifiers": "ids",
        "appointment_id": "id",
        "visit_id": "id",
        "start_time": "start",
        "starts_at": "start",
        "end_time": "end",
        "ends_at": "end",
        "service_type": "service",
        "first_infusion": "first_visit",
        "first": "first_visit",
        "ended_at": "actual_end",
        "end_actual": "actual_end",
        "actual_end_time": "actual_end",
        "started_at": "actual_start",
        "lot_numbers": "lots",
        "lot_number": "lots",
        "lot": "lots",
    },
    "regimen": {
        "identifiers": "ids",
        "regimen_id": "id",
        "doses": "dose_dates",
        "dates": "dose_dates",
        "rrule": "rule",
    },
}
"""Place -> the name as written -> the published one; the empty place is the event itself."""
_BELONGS = {
    "appointment": ("actual_end", "ended_at", "actual_start", "first_visit", "first_infusion"),
    "details": ("expires", "tracking", "carrier", "reference"),
}
"""What some write beside the object that it belongs in."""
_OF_AN_INFUSION = {"start": "actual_start", "end": "actual_end", "id": "id", "ids": "ids"}
_DETAILS = {
    "expires_at": "expires",
    "expires_on": "expires",
    "expiry": "expires",
    "expiration": "expires",
    "expiration_date": "expires",
    "id": "reference",
    "number": "reference",
    "tracking_number": "tracking",
    "lot_numbers": "lots",
    "lot_number": "lots",
    "lot": "lots",
}


def with_published_names(value: Json) -> Json:
    """The event with its fields under the names and in the places that the schema gives them."""
    event = _renamed(value, _WRITTEN[""])
    _bring_together(event)
    _place_lots(event)
    for place in ("patient", "appointment", "regimen"):
        if isinstance(event.get(place), dict):
            event[place] = _renamed(child(event, place), _WRITTEN[place])
    if isinstance(event.get("patient"), dict):
        _split_name(event["patient"])
    return event


def _bring_together(event: Json) -> None:
    """Facts that were written in an object of their own, or beside the one that they belong in."""
    if isinstance(event.get("infusion"), dict):  # what happened, beside what was planned
        told = _renamed(child(event, "infusion"), _OF_AN_INFUSION)
        del event["infusion"]
        event["appointment"] = {**told, **child(event, "appointment")}
    for place in ("shipment", "authorization", "details"):
        if isinstance(event.get(place), dict):
            written = _renamed(child(event, place), _DETAILS)
            del event[place]
            event["details"] = {**written, **child(event, "details")}
    for place, names in _BELONGS.items():
        beside = {name: event.pop(name) for name in names if name in event}
        if beside:
            event[place] = {**beside, **child(event, place)}


def _place_lots(event: Json) -> None:
    """Lots written beside the visit or the shipment that they belong to."""
    found = [
        event.pop(name) for name in ("lots", "lot_numbers", "lot_number", "lot") if name in event
    ]
    if found:
        place = "details" if text(event, "type").startswith("shipment.") else "appointment"
        event[place] = {"lots": found[0], **child(event, place)}


def _renamed(holder: Json, names: dict[str, str]) -> Json:
    found = {key: value for key, value in holder.items() if key not in names}
    for key, value in holder.items():
        if key in names:
            found.setdefault(names[key], value)
    return found


def _split_name(patient: Json) -> None:
    """``name`` as one string, its last word the family's, or as an object of its parts."""
    name = patient.pop("name", None)
    if isinstance(name, dict):
        for key, part in _renamed(name, _WRITTEN["patient"]).items():
            patient.setdefault(key, part)
    elif isinstance(name, str) and not text(patient, "given") and not text(patient, "family"):
        given, _, family = name.strip().rpartition(" ")
        patient["given"], patient["family"] = (given, family) if given else (family, "")

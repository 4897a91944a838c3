"""CloudEvents in structured JSON: the envelope around a native event or a FHIR resource."""

import binascii
from base64 import b64decode

from outreach.domain.errors import BadInput
from outreach.domain.events import EventKind
from outreach.intake.json_fields import Json, load, text


def is_cloud_event(value: Json) -> bool:
    """True for a structured CloudEvent of any 1.x version."""
    return isinstance(value.get("specversion"), str)


def unwrapped(envelope: Json) -> object:
    """The ``data`` of a CloudEvent; a native event gets what only the envelope says.

    Raises:
        BadInput: ``structure`` when ``data_base64`` holds no JSON, ``required`` without data.
    """
    data = envelope.get("data")
    if isinstance(envelope.get("data_base64"), str):
        try:
            data = load(b64decode(envelope["data_base64"], validate=True))
        except (binascii.Error, ValueError):
            raise BadInput("structure", "data_base64: not base64") from None
    if isinstance(data, str):
        data = load(data.encode("utf-8", errors="replace"))
    if not isinstance(data, dict):
        raise BadInput("required", "CloudEvent without data")
    if "resourceType" in data:
        return data
    spoken = {"id": "id", "source": "source", "occurred_at": "time", "type": "type"}
    filled = {ours: envelope[theirs] for ours, theirs in spoken.items() if theirs in envelope}
    filled["type"] = _own_type(text(envelope, "type"))
    return {**filled, **data}


def _own_type(written: str) -> str:
    """``org.clinic.appointment.booked`` -> ``appointment.booked``."""
    short = ".".join(written.split(".")[-2:])
    return short if short in set(EventKind) else written

"""What a request says around its body: the content type, and CloudEvents' binary mode.

In binary mode an event's attributes are headers and the body is its data (CloudEvents HTTP
binding 1.0.2, 3.1). Intake reads bytes alone, so the headers are folded into the structured form.
"""

import base64
import json
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.datastructures import Headers

from outreach.web.problems import Refused

CLOUD_EVENT = "application/cloudevents+json"
FHIR = "application/fhir+json"
HL7 = "application/hl7-v2"

MEDIA_TYPES = {
    "application/json": "application/json",
    "application/x-ndjson": "application/json",
    "application/jsonl": "application/json",
    CLOUD_EVENT: CLOUD_EVENT,
    "application/cloudevents-batch+json": CLOUD_EVENT,
    FHIR: FHIR,
    "application/json+fhir": FHIR,
    HL7: HL7,
    "application/hl7-v2+er7": HL7,
    "x-application/hl7-v2": HL7,
    "x-application/hl7-v2+er7": HL7,
    "text/csv": "text/csv",
}
"""What senders call their formats -> what we call them."""

_ATTRIBUTE = "ce-"
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Envelope:
    """A body as it is stored, under our name for its format."""

    raw: bytes
    content_type: str
    event_id: str = ""


def media_type_of(headers: Headers) -> str:
    """Our name for the format a request declares.

    Raises:
        Refused: none is declared, or one that intake does not read (415).
    """
    declared = headers.get("content-type", "").partition(";")[0].strip().lower()
    known = MEDIA_TYPES.get(declared)
    if known is None:
        raise Refused(415, f"Send one of these content types: {', '.join(sorted(MEDIA_TYPES))}.")
    return known


def unwrapped(headers: Headers, content_type: str, raw: bytes) -> Envelope:
    """The envelope of a body; a binary-mode CloudEvent becomes a structured one."""
    if "ce-specversion" not in headers or content_type == CLOUD_EVENT:
        return Envelope(raw, content_type)
    event: dict[str, object] = {
        name.removeprefix(_ATTRIBUTE): unquote(value)
        for name, value in sorted(headers.items())
        if name.startswith(_ATTRIBUTE)
    }
    event_id = str(event.get("id", ""))[:_LONGEST_ID]
    event["datacontenttype"] = content_type
    try:
        event["data"] = json.loads(raw)
    except (ValueError, RecursionError):
        event["data_base64"] = base64.b64encode(raw).decode()
    folded = json.dumps(event, separators=(",", ":"), sort_keys=True)
    return Envelope(folded.encode(), CLOUD_EVENT, event_id.replace("\0", ""))

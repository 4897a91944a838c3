"""The one door of intake: bytes of any supported format -> parsed items, by looking at them.

The content itself decides; the declared content type only settles what could be either, because
senders label HL7 v2 as JSON and JSON as text.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import ItemKind, ParsedItem, Problem
from outreach.domain.people import MAJORITY
from outreach.intake.cloud_event import is_cloud_event, unwrapped
from outreach.intake.csv_file import looks_like_table, read_csv
from outreach.intake.fhir.reader import read_fhir
from outreach.intake.hl7.charset import transcoded
from outreach.intake.hl7.reader import read_hl7
from outreach.intake.interface import Arrival, InterfaceSettings
from outreach.intake.json_fields import dump, load
from outreach.intake.native import read_native

_HL7_STARTS = (b"MSH", b"FHS", b"BHS", b"\x0b")
_BLANKS = b" \t\r\n\x00"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Intake:
    """Reads whatever arrives. Implements ``outreach.pipeline.ports.Parser``."""

    def __init__(
        self,
        default_zone: ZoneInfo,
        region: str,
        zone_of: Callable[[str | None], ZoneInfo | None],
        settings: InterfaceSettings | None = None,
        interfaces: Mapping[str, InterfaceSettings] | None = None,
        majority: int = MAJORITY,
    ) -> None:
        """``zone_of`` gives the zone of a site as written, or of the only site for None.

        ``interfaces`` are the settings of single senders by the name of their interface, which is
        what stands behind the colon of a source (``mllp:ehr``, ``http:ehr``); ``settings`` are for
        all the others. ``majority`` is the age of majority in years.
        """
        self._default_zone = default_zone
        self._region = region
        self._zone_of = zone_of
        self._settings = settings or InterfaceSettings()
        self._interfaces = interfaces or {}
        self._majority = majority

    def __call__(
        self, raw: bytes, content_type: str, source: str, received_at: datetime
    ) -> list[ParsedItem]:
        """The items of ``raw``, in order and never none; bad content is a rejected item.

        ``source`` scopes identifiers that name no issuer, so it must be the same for every
        arrival of one sender. ``received_at`` stands in for times the sender leaves out.
        """
        settings = self._interfaces.get(source.partition(":")[2], self._settings)
        arrival = Arrival(
            source,
            received_at,
            self._default_zone,
            self._zone_of,
            self._region,
            settings,
            self._majority,
        )
        if len(raw) > settings.max_bytes:
            return [_rejected(b"", "too-long", "larger than this interface takes")]
        raw = transcoded(raw)
        return _read(raw, content_type, arrival) or [_rejected(raw, "structure", "nothing to read")]


def _read(raw: bytes, content_type: str, arrival: Arrival) -> list[ParsedItem]:
    kind = content_type.partition(";")[0].strip().lower()
    head = raw[:4096].removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANKS)
    if head.startswith(_HL7_STARTS):
        return read_hl7(raw, arrival)
    if head.startswith((b"{", b"[")):
        return _read_json(raw.strip(b"\x00"), arrival)
    if not head:
        return [_rejected(raw, "structure", "nothing to read")]
    if "hl7" in kind or b"\rMSH" in raw or b"\nMSH" in raw or b"\x0bMSH" in raw:
        return read_hl7(raw, arrival)
    if "csv" in kind or looks_like_table(raw[:65536].decode("utf-8", errors="replace")):
        return read_csv(raw, arrival)
    if "json" in kind:
        return _read_json(raw, arrival)
    return [_rejected(raw, "not-supported", "not HL7 v2, FHIR JSON, native JSON or a table")]


def _rejected(raw: bytes, code: str, message: str) -> ParsedItem:
    return ParsedItem(ItemKind.REJECTED, raw, "", problem=Problem(code, message))


def _read_json(raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    """One JSON value, or one on each line."""
    try:
        return _read_value(load(raw), raw, arrival)
    except BadInput as error:
        lines = [line for line in raw.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.lstrip()[:1] == b"{" for line in lines):
            return [_rejected(raw, error.code, error.message)]
    items: list[ParsedItem] = []
    for line in lines[: arrival.settings.max_items]:
        try:
            items += _read_value(load(line), line, arrival)
        except BadInput as error:
            items.append(_rejected(line, error.code, error.message))
    if len(lines) > arrival.settings.max_items:
        items.append(_rejected(b"", "too-long", "more lines than this interface takes"))
    return items


def _read_value(value: object, raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    if isinstance(value, list):
        if len(value) > arrival.settings.max_items:
            return [_rejected(raw, "too-long", "more events than this interface takes")]
        return [item for one in value for item in _read_object(one, dump(one), arrival)]
    return _read_object(value, raw, arrival)


def _read_object(value: object, raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    if isinstance(value, dict) and is_cloud_event(value):
        try:
            value = unwrapped(value)
        except BadInput as error:
            return [_rejected(raw, error.code, error.message)]
    if not isinstance(value, dict):
        return [_rejected(raw, "structure", "JSON is not an object")]
    if "resourceType" in value:
        return read_fhir(value, raw, arrival)
    return [read_native(value, raw, arrival)]

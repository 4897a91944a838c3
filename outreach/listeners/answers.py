"""What one MLLP sender hears: the acknowledgement of a message by its content, framed."""

from collections import OrderedDict

import structlog

from outreach.domain.events import Problem
from outreach.domain.interfaces import Interface
from outreach.intake.hl7.ack import (
    AckCode,
    acknowledgement,
    control_key,
    is_acknowledgement,
    verdict,
)
from outreach.intake.hl7.charset import transcoded
from outreach.intake.hl7.framing import END, START, split_messages
from outreach.pipeline.arrive import Arrival, Payload
from outreach.pipeline.world import World

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/hl7-v2"
_NOBODY = b"MSH|^~\\&|||||||||P|2.5.1\r"
"""Stands in for the header of a message that has none: it is answered, to nobody by name."""
_REMEMBERED = 10_000


class Answers:
    """The answers of one interface."""

    def __init__(self, world: World, interface: Interface) -> None:
        self._world = world
        self._settings = interface.settings
        self._source = f"mllp:{interface.name}"
        self._seen: OrderedDict[tuple[bytes, ...], None] = OrderedDict()

    def payload(self, raw: bytes) -> Payload:
        """``raw`` as it is stored."""
        return Payload(raw, self._source, CONTENT_TYPE)

    def calls_for_none(self, raw: bytes) -> bool:
        """True for an empty frame and for an answer to somebody: neither is stored nor answered."""
        return not raw.strip(b"\r\n\t \x00") or is_acknowledgement(_header(raw))

    def answer(self, raw: bytes) -> bytes:
        """The framed acknowledgement that ``raw`` deserves once it is stored.

        Computed from the content alone, so that a repeat hears what the first one heard.
        """
        header = _header(raw)
        code, problem = self._verdict(raw, header)
        world = self._world
        ours = world.new_id().hex[-20:]  # MSH-10 holds 20 characters
        reply = acknowledgement(
            header, code.in_mode(self._settings.ack_mode), problem, ours, world.machine_now()
        )
        return START + (reply or b"") + END + b"\r"

    def _verdict(self, raw: bytes, header: bytes) -> tuple[AckCode, Problem | None]:
        if self._settings.accept_all:
            return AckCode.ACCEPTED, None
        try:
            items = self._world.parse(raw, CONTENT_TYPE, self._source, self._world.clinic_now())
        except Exception as error:  # noqa: BLE001 - it is stored, and its sender awaits an answer
            log.warning("mllp.unreadable", interface=self._source, error=type(error).__name__)
            return AckCode.ERROR, Problem("207", "kept here for staff; sending it again is no help")
        return verdict(header, items)

    def stored(self, raw: bytes, arrival: Arrival) -> None:
        """Warns when a control id comes again with another message; both are processed."""
        key = control_key(_header(raw))
        if key is None or not arrival.new:
            return
        if key in self._seen:
            log.warning("mllp.control_id_again", interface=self._source, inbox_id=str(arrival.id))
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)


def _header(raw: bytes) -> bytes:
    """The bytes from the message's MSH on; those of nobody when there is none."""
    if raw.startswith(b"MSH") and len(raw) >= 8:
        return raw
    for message in split_messages(transcoded(raw)):
        if message.startswith(b"MSH") and len(message) >= 8:
            return message
    return _NOBODY

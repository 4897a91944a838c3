"""Twilio's voice webhook: a call to the number that texts come from is put through to the clinic.

Who calls may be in danger. So the call goes on even where nothing can be recorded.
"""

import re
from functools import partial
from xml.sax.saxutils import escape, quoteattr

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.domain.errors import Unavailable
from outreach.pipeline.replies import voice
from outreach.web.edge import Edge
from outreach.web.webhooks.twilio_forms import ADDRESS, SID, field, signed_form

log = structlog.get_logger(__name__)

VOICE_PATH = "/webhooks/twilio/voice"
ENDED_PATH = f"{VOICE_PATH}/ended"

_WORD = re.compile(r"[a-z-]{1,20}")
_RING_SECONDS = 40
_GREETING = {
    "en-US": "{name}. If this is an emergency, hang up and call 9 1 1. We will now connect you.",
    "es-MX": "{name}. Si es una emergencia, cuelgue y llame al 9 1 1. Ahora le comunicamos.",
}
_NOBODY = {
    "en-US": "{name}. Nobody can take your call right now. If this is an emergency, hang up and "
    "call 9 1 1.",
    "es-MX": "{name}. Nadie puede tomar su llamada ahora. Si es una emergencia, cuelgue y llame "
    "al 9 1 1.",
}


class TwilioVoice:
    """The two routes."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def routes(self) -> list[Route]:
        """A call that begins, and how it went on."""
        return [
            Route(VOICE_PATH, self.ring, methods=["POST"]),
            Route(ENDED_PATH, self.ended, methods=["POST"]),
        ]

    async def ring(self, request: Request) -> Response:
        """A sentence in each language, then the clinic's phone."""
        form = await signed_form(self._edge, request)
        world = self._edge.world
        caller = voice.Caller(
            provider_id=field(form, SID, "CallSid"),
            number=field(form, ADDRESS, "From"),
            called=field(form, ADDRESS, "To"),
        )
        try:
            phone = await self._edge.run(partial(voice.ring, world, caller))
        except Unavailable:
            log.warning("voice.not_recorded")
            phone = voice.clinic_phone(world, caller.called)
        return self._through(phone) if phone else self._nobody()

    async def ended(self, request: Request) -> Response:
        """How the forwarded call ended; a sentence for whoever was not answered."""
        form = await signed_form(self._edge, request)
        provider_id = field(form, SID, "CallSid")
        outcome = field(form, _WORD, "DialCallStatus")
        answered = await self._edge.run(
            partial(voice.hang_up, self._edge.world, provider_id, outcome)
        )
        return _twiml("<Hangup/>") if answered else self._nobody()

    def _through(self, phone: str) -> Response:
        action = quoteattr(f"{self._edge.config.base_url}{ENDED_PATH}")
        dial = f'<Dial timeout="{_RING_SECONDS}" action={action} method="POST">'
        return _twiml(f"{self._said(_GREETING)}{dial}<Number>{escape(phone)}</Number></Dial>")

    def _nobody(self) -> Response:
        return _twiml(self._said(_NOBODY) + "<Hangup/>")

    def _said(self, sentences: dict[str, str]) -> str:
        """Each sentence in its language; one that the clinic does not speak is left out."""
        clinic = self._edge.world.clinic
        own = {tag.split("-")[0] for tag in clinic.languages}
        return "".join(
            f'<Say language="{language}">{escape(words.format(name=clinic.name))}</Say>'
            for language, words in sentences.items()
            if language.split("-")[0] in own
        )


def _twiml(verbs: str) -> Response:
    xml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'
    return Response(xml, media_type="text/xml")

"""The exact words a carrier answers by itself, and the Spanish ones that are ours.

Never fuzzy and never part of a sentence: the whole reply is the word (Twilio's default keywords
on long codes). ``stop please`` is natural language and belongs to the lexicons.
"""

from typing import Literal

from outreach.domain.triage.folding import pieces

Keyword = Literal["stop", "start", "help"]

CARRIER_STOP = frozenset(
    {"stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"}
)
CARRIER_START = frozenset({"start", "yes", "unstop"})
CARRIER_HELP = frozenset({"help", "info"})
OUR_STOP = frozenset({"alto", "parar", "baja"})
"""The carrier does not know these: the confirmation is ours to send."""
OUR_START = frozenset({"comenzar", "iniciar", "reanudar"})
OUR_HELP = frozenset({"ayuda"})
OUR_ANSWERS = frozenset({"c", "r", "late", "skip", "tarde", "omitir"})
"""What our messages ask for: an answer that comes late still is about the visit or the dose."""

_TRIMMED = " \t\r\n.,!?;:\"'*()[]-_¡¿“”‘’«»"


def bare_word(text: str) -> str:
    """The reply as one word without case, accents and punctuation around it; else ``""``."""
    stripped = text.strip(_TRIMMED)
    if not stripped or any(c.isspace() for c in stripped):
        return ""
    found = pieces(stripped)
    return found[0].text if len(found) == 1 and not found[0].after else ""


def carrier_keyword(text: str) -> Keyword | None:
    """What the carrier, or we in Spanish, understand by a reply of exactly one word."""
    word = bare_word(text)
    if word in CARRIER_STOP or word in OUR_STOP:
        return "stop"
    if word in CARRIER_START or word in OUR_START:
        return "start"
    if word in CARRIER_HELP or word in OUR_HELP:
        return "help"
    return None


def is_our_answer(text: str) -> bool:
    """True for a reply of exactly one word that our messages ask for (C, R, LATE, SKIP)."""
    return bare_word(text) in OUR_ANSWERS


def answered_by_carrier(text: str) -> bool:
    """True when the carrier itself acts on this reply (CANCEL included, ALTO not)."""
    return bare_word(text) in CARRIER_STOP | CARRIER_START | CARRIER_HELP

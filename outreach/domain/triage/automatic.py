"""Automatic replies: whether a machine wrote a text, so that two machines are not left talking.

It changes who is answered, never what is read: triage and paging see every reply.
"""

import re
from collections.abc import Mapping

_OPENINGS = re.compile(
    r"\W*("
    r"auto(matic|mated)?[- ]?(reply|response|respuesta)\b"
    r"|respuesta automatica\b|respuesta automática\b"
    r"|(i'm|i’m|i am) (currently )?(driving|out of (the )?office|away from my (desk|phone))\b"
    r"|(estoy|voy) (conduciendo|manejando)\b"
    r"|out of (the )?office\b|fuera de la oficina\b"
    r"|(delivery|mail delivery) (status notification|failed|failure)\b|undeliverable\b"
    r"|this is an automat(ed|ic) (message|reply|response)\b"
    r"|este es un mensaje automatico\b|este es un mensaje automático\b"
    r"|\[?auto-?reply\]?"
    r")",
    re.IGNORECASE,
)
_MENTIONS = re.compile(
    r"do not disturb (while|mode)|with do not disturb"
    r"|this (number|line|mailbox|inbox) (is not|isn't) monitored"
    r"|is an unmonitored (mailbox|number)|sent (automatically|from my car)"
    r"|no[- ]?reply address|este (numero|número|buzon|buzón) no se (revisa|atiende)",
    re.IGNORECASE,
)
_BULK = frozenset({"bulk", "auto_reply", "junk", "list"})


def looks_automatic(text: str) -> bool:
    """Whether a text reads like a machine's: how it begins, or what it says of itself."""
    return _OPENINGS.match(text) is not None or _MENTIONS.search(text) is not None


def says_automatic(headers: Mapping[str, str], envelope_sender: str | None) -> bool:
    """Whether an email says of itself that a machine wrote it (RFC 3834, RFC 5321).

    Args:
        headers: by name in small letters.
        envelope_sender: the return path; empty for a report of non-delivery; None if not known.
    """
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().casefold()
    if submitted not in {"", "no"}:
        return True
    if headers.get("precedence", "").strip().casefold() in _BULK:
        return True
    if "x-autoreply" in headers or "x-autorespond" in headers or "list-id" in headers:
        return True
    return envelope_sender is not None and (
        not envelope_sender
        or envelope_sender.casefold().startswith(("mailer-daemon@", "postmaster@"))
    )

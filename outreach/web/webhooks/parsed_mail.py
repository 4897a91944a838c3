"""Parsed mail: the fields of SendGrid's Inbound Parse -> an inbound reply.

Nothing in them is trusted to have its shape: a mail that can be read at all is stored.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.policy import default as modern
from email.utils import parseaddr

from outreach.channels.mailbox import is_mailbox
from outreach.domain.mail_text import text_of_html, written
from outreach.domain.pictures import MOST_BYTES, MOST_FILES, kind_of
from outreach.domain.states import ChannelKind
from outreach.domain.triage.automatic import looks_automatic, says_automatic
from outreach.pipeline.reply import Inbound
from outreach.web.multipart import Part

NOBODY = "nobody@unknown.invalid"
"""The sender of a mail that names none: it is read all the same."""
_LONGEST_FIELD = 400_000
_LONGEST_SUBJECT = 300
_LEAST_PICTURE = 6_000
"""Bytes: smaller ones are the logos of signatures."""
_ANSWERS = re.compile(r"^\s*((re|rv|aw|fwd?|tr)\s*:\s*)+", re.IGNORECASE)


def inbound_of(parts: Sequence[Part]) -> Inbound:
    """The reply that an email is: what its sender wrote, and the pictures with it."""
    fields = _fields(parts)
    headers = _headers(fields.get("headers", ""))
    envelope = _envelope(fields.get("envelope", ""))
    sender = _mailbox(fields.get("from", "")) or envelope or NOBODY
    subject = " ".join(fields.get("subject", "").split())[:_LONGEST_SUBJECT]
    files = _pictures(parts)
    return Inbound(
        provider_id=_provider_id(headers, fields, sender),
        channel=ChannelKind.EMAIL,
        sender=sender,
        recipient=_mailbox(fields.get("to", "")) or "",
        body=_with_subject(subject, written(_text(fields, parts))),
        media=len(files),
        files=files,
        automatic=says_automatic(headers, envelope) or looks_automatic(subject),
    )


def _fields(parts: Sequence[Part]) -> dict[str, str]:
    raw = {part.name: part.content[:_LONGEST_FIELD] for part in parts if not part.is_file}
    charsets = _object(raw.get("charsets", b"").decode("ascii", "replace"))
    return {name: _decoded(content, charsets.get(name)) for name, content in raw.items()}


def _decoded(content: bytes, charset: object) -> str:
    """In the charset that SendGrid names; what does not fit is shown as such, never lost."""
    try:
        return content.decode(charset if isinstance(charset, str) else "utf-8", "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _object(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _headers(text: str) -> dict[str, str]:
    """By name in small letters, the first of each."""
    try:
        found = message_from_string(text)
    except (MessageError, ValueError):
        return {}
    headers: dict[str, str] = {}
    for name, value in found.items():
        headers.setdefault(name.casefold(), str(value))
    return headers


def _envelope(text: str) -> str | None:
    """The return path; empty for a report of non-delivery, None where it is not told."""
    sender = _object(text).get("from")
    if not isinstance(sender, str):
        return None
    return "" if sender in {"", "<>"} else _mailbox(sender)


def _mailbox(text: str) -> str | None:
    try:
        _, address = parseaddr(text[:1000])
    except (ValueError, IndexError, RecursionError):
        return None
    return address if is_mailbox(address) and len(address) <= 254 else None


def _text(fields: Mapping[str, str], parts: Sequence[Part]) -> str:
    """The plain text, else what its HTML shows, else that of a whole mail (the raw setting)."""
    if fields.get("text", "").strip():
        return fields["text"]
    if fields.get("html", "").strip():
        return text_of_html(fields["html"])
    whole = next((part.content for part in parts if part.name == "email"), b"")
    return _text_of_whole(whole)


def _text_of_whole(mail: bytes) -> str:
    if not mail:
        return ""
    try:
        body = message_from_bytes(mail, policy=modern).get_body(("plain", "html"))
        content = "" if body is None else str(body.get_content())
    except (MessageError, LookupError, ValueError, AttributeError, TypeError):
        return mail.decode("utf-8", "replace")[:_LONGEST_FIELD]
    is_html = body is not None and body.get_content_subtype() == "html"
    return text_of_html(content) if is_html else content


def _with_subject(subject: str, body: str) -> str:
    """A subject of the sender's own is part of what they say; that of an answer is ours."""
    if not body:
        return _ANSWERS.sub("", subject)
    return body if not subject or _ANSWERS.match(subject) else f"{subject}\n{body}"


def _provider_id(headers: Mapping[str, str], fields: Mapping[str, str], sender: str) -> str:
    """One mail is one reply, however often it is posted; a hash, since ids hold mailboxes."""
    own = headers.get("message-id") or json.dumps(
        [fields.get(name, "") for name in ("headers", "subject", "text", "html")]
    )
    digest = hashlib.sha256(f"{sender}\0{own}".encode("utf-8", "replace")).hexdigest()
    return f"mail:{digest}"


def _pictures(parts: Sequence[Part]) -> tuple[bytes, ...]:
    found = (
        part.content
        for part in parts
        if part.is_file
        and _LEAST_PICTURE <= len(part.content) <= MOST_BYTES
        and kind_of(part.content) is not None
    )
    return tuple(content for _, content in zip(range(MOST_FILES), found, strict=False))

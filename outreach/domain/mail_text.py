"""Mail text: what somebody wrote in an email, without the mail they answer and their signature.

What is cut is never read by triage, so only what is certainly not theirs is cut: quoted lines, the
line that introduces them, the head of a copied mail and what follows it.
"""

import re
from html.parser import HTMLParser

LONGEST = 8_000
"""Characters of one email that are kept and read."""

_QUOTED = re.compile(r"^\s*>")
_INTRODUCES = re.compile(
    r"^\s*(on\b.{4,200}\bwrote|el\b.{4,200}\bescribi(o|ó))\s*:\s*$", re.IGNORECASE | re.DOTALL
)
_COPY_BEGINS = re.compile(
    r"^\s*(-{2,}\s*(original message|mensaje original|forwarded message|mensaje reenviado)\s*-{2,}"
    r"|_{10,})\s*$",
    re.IGNORECASE,
)
_HEAD_FROM = re.compile(r"^\s*\*?(from|de):\*?\s+\S", re.IGNORECASE)
_HEAD_SENT = re.compile(
    r"^\s*\*?(sent|date|to|subject|enviado|fecha|para|asunto):\*?\s+\S", re.IGNORECASE
)
_SIGNED = re.compile(r"^-- ?$")
_DEVICE = re.compile(
    r"^\s*(sent from my |enviado desde mi |get outlook for |obtener outlook para )", re.IGNORECASE
)
_BLANKS = re.compile(r"\n{3,}")
_BREAKS = frozenset(
    {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul", "ol", "hr"}
)
_UNSEEN = frozenset({"script", "style", "head", "title", "template"})
_EMPTY = frozenset({"br", "hr", "img", "input", "meta", "link"})


def written(text: str) -> str:
    """The part of an email that its sender wrote; empty where nothing is left."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        if _COPY_BEGINS.match(line) or _is_head(lines, place):
            break
        signed = _SIGNED.match(line) is not None
        if signed and not _answers_below(lines, place):
            break
        introduced = _introduction(lines, place)
        if introduced:
            place += introduced
            continue
        if not signed and not _QUOTED.match(line) and not _DEVICE.match(line):
            kept.append(line.rstrip())
        place += 1
    return _BLANKS.sub("\n\n", "\n".join(kept)).strip()[:LONGEST]


def _is_head(lines: list[str], place: int) -> bool:
    """The head of a copied mail: From and, within three lines, another field of it."""
    if not _HEAD_FROM.match(lines[place]):
        return False
    return any(_HEAD_SENT.match(line) for line in lines[place + 1 : place + 4])


def _introduction(lines: list[str], place: int) -> int:
    """How many lines introduce a quotation here (mail programs break the line); 0 where none do."""
    for count in (1, 2, 3):
        if _INTRODUCES.match("\n".join(lines[place : place + count])):
            return count
    return 0


def _answers_below(lines: list[str], place: int) -> bool:
    """Whether the sender goes on behind a signature mark: below what they quote."""
    return any(_QUOTED.match(line) for line in lines[place + 1 :])


def text_of_html(html: str) -> str:
    """The visible text of an HTML email, without what it quotes."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _BLANKS.sub("\n\n", "".join(reader.parts)).strip()


class _Reader(HTMLParser):
    """Collects text; skips what is not shown, and quotations."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag in _EMPTY:
            return
        if self._skipped or (
            tag in _UNSEEN
            or tag == "blockquote"
            or "gmail_quote" in (dict(attrs).get("class") or "")
        ):
            self._skipped.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and tag in self._skipped:
            while self._skipped.pop() != tag:
                continue
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(data)

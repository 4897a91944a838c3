"""Pictures: what a file is by its first bytes, whatever its sender calls it, and how large.

Only kinds that a browser shows, or hands over without running anything, are kept.
"""

MOST_BYTES = 5_000_000
"""Of one picture: what a carrier passes on in one message."""
MOST_FILES = 10
"""Of one message, as carriers count them."""

HEIC = "image/heic"
"""What telephones take and browsers do not show: it is handed over as a file."""
_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1"})


def kind_of(content: bytes) -> str | None:
    """The content type of a picture; None for anything else, such as HTML, SVG, PDF or a video."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return HEIC
    return None

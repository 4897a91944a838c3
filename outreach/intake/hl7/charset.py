"""The bytes of an HL7 v2 message -> text, by MSH-18 first, then UTF-8, then Windows-1252."""

from types import MappingProxyType

_CODECS = MappingProxyType(
    {
        "ASCII": "utf-8",
        "UTF-8": "utf-8",
        "UTF8": "utf-8",
        "UNICODE": "utf-8",
        "UNICODE UTF-8": "utf-8",
        "UNICODE UTF-16": "utf-16",
        "8859/1": "iso8859-1",
        "8859/2": "iso8859-2",
        "8859/3": "iso8859-3",
        "8859/4": "iso8859-4",
        "8859/5": "iso8859-5",
        "8859/6": "iso8859-6",
        "8859/7": "iso8859-7",
        "8859/8": "iso8859-8",
        "8859/9": "iso8859-9",
        "8859/15": "iso8859-15",
        "ISO IR14": "iso2022_jp",
        "ISO IR87": "iso2022_jp",
        "ISO IR159": "iso2022_jp_1",
        "GB 18030-2000": "gb18030",
        "BIG-5": "big5",
        "KS X 1001": "euc_kr",
        "WINDOWS-1252": "cp1252",
        "CP1252": "cp1252",
    }
)
"""HL7 table 0211, and a few names that engines write although it lacks them."""


def transcoded(raw: bytes) -> bytes:
    """``raw`` in UTF-8 when a byte order mark says that it is UTF-16; else as it is."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace").encode()
    return raw


def declared_charset(raw: bytes) -> str:
    """The first repetition of MSH-18 as it is written, or nothing."""
    header = raw.partition(b"\r")[0]
    fields = header.split(header[3:4] or b"|", 18)
    if len(fields) < 18:
        return ""
    return fields[17].partition(b"~")[0].decode("ascii", errors="replace").strip()


def decoded(raw: bytes, notes: list[str]) -> str:
    """The text of ``raw``; appends a warning to ``notes`` when it is not what MSH-18 says."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    declared = declared_charset(raw)
    codec = _CODECS.get(declared.upper())
    if declared and codec is None:
        notes.append("MSH-18: character set is not known; UTF-8 or Windows-1252 was taken")
    for candidate in (codec or "utf-8", "utf-8"):
        try:
            return raw.decode(candidate)
        except UnicodeDecodeError:
            continue
    notes.append("MSH-18: text is not in the declared character set; Windows-1252 was taken")
    return raw.decode("cp1252", errors="replace")

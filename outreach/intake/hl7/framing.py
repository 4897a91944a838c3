"""Bytes of a socket or a file -> single HL7 v2 messages: MLLP frames, batches, bare lists.

Every function here is linear in its input and keeps at most one message in memory.
"""

from collections.abc import Iterator

START = b"\x0b"
END = b"\x1c"
_BATCH = (b"FHS", b"BHS", b"BTS", b"FTS")
_BLANKS = b" \t\x00"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class FrameTooLarge(ValueError):
    """No end of frame within the limit: close the connection, the sender is lost."""


class Framer:
    """Takes the bytes of one MLLP connection as they arrive and gives back whole messages.

    Bytes between frames are ignored (CR, LF and NUL occur). A start byte inside a frame begins
    anew: the unfinished message before it is dropped, so it is never acknowledged and the
    sender repeats it.
    """

    def __init__(self, limit: int) -> None:
        """``limit`` is the largest message in bytes."""
        self._limit = limit
        self._buffer = bytearray()
        self._open = False

    @property
    def in_frame(self) -> bool:
        """True while a message has begun and not ended: an idle clock should be running."""
        return self._open

    @property
    def pending(self) -> bytes:
        """The unfinished message so far."""
        return bytes(self._buffer) if self._open else b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that ``data`` completes, without their framing bytes.

        Raises:
            FrameTooLarge: the open frame has grown past the limit; its bytes are dropped.
        """
        at = 0
        while at < len(data):
            if not self._open:
                start = data.find(START, at)
                if start < 0:
                    return
                self._open, at = True, start + 1
                continue
            end = data.find(END, at)
            stop = end if end >= 0 else len(data)
            restart = data.rfind(START, at, stop)
            if restart >= 0:
                self._buffer.clear()
                at = restart + 1
            if len(self._buffer) + stop - at > self._limit:
                self._buffer.clear()
                self._open = False
                raise FrameTooLarge
            self._buffer += data[at:stop]
            if end < 0:
                return
            message = bytes(self._buffer)
            self._buffer.clear()
            self._open, at = False, end + 1
            yield message


def split_messages(raw: bytes) -> Iterator[bytes]:
    """The messages of a file or a frame, each with CR after every segment.

    Understands MLLP frames (also one cut short by the end of the file), FHS/BHS batches and
    bare concatenated messages; segments may end in CR, LF or CRLF. Text that belongs to no
    message comes out as an item of its own, so that the caller can reject it: nothing is lost.
    """
    if START in raw or END in raw:
        raw = _unframed(raw)
    if b"\n" in raw:
        raw = raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    current: list[bytes] = []
    for line in raw.split(b"\r"):
        if not line[:1].isalpha():
            line = line.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANKS)
            if not line:
                continue
        head = line[:3]
        if (head == b"MSH" or head in _BATCH) and current:
            yield b"\r".join(current) + b"\r"
            current = []
        if head not in _BATCH:
            current.append(line)
    if current:
        yield b"\r".join(current) + b"\r"


def _unframed(raw: bytes) -> bytes:
    """Framing bytes as line ends; a message that is begun again before its end is dropped."""
    framer = Framer(len(raw))
    before, _, _ = raw.partition(START)
    pieces = [before.replace(END, b"\r"), *framer.feed(raw), framer.pending]
    return b"\r".join(pieces)

"""Bytes of a socket or a file -> single HL7 v2 messages: MLLP frames, batches, bare lists.

Every function here is linear in its input and keeps at most one message in memory.
"""

from collections.abc import Iterator

START = b"\x0b"
END = b"\x1c"
_BATCH = (b"FHS", b"BHS", b"BTS", b"FTS")
_BLANKS = b" \t\x00"
_BETWEEN = b"\r\n\x1c" + _BLANKS
"""What may stand between two frames."""
_HEADER = b"MSH"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class FrameTooLarge(ValueError):
    """No end of frame within the limit: close the connection, the sender is lost."""


class Framer:
    """Takes the bytes of one MLLP connection as they arrive and gives back whole messages.

    Line ends, blanks and NUL between frames are ignored. A message whose start byte is missing is
    known by its MSH; anything else there is no message (see ``lost``). A start byte inside a frame
    begins anew: the unfinished message before it is dropped, so it is never acknowledged and the
    sender repeats it.
    """

    def __init__(self, limit: int) -> None:
        """``limit`` is the largest message in bytes."""
        self._limit = limit
        self._buffer = bytearray()
        self._open = False
        self._lead = b""
        """The first bytes of what may become MSH without a start byte."""
        self._lost = False

    @property
    def in_frame(self) -> bool:
        """True while a message has begun and not ended: an idle clock should be running."""
        return self._open

    @property
    def lost(self) -> bool:
        """True when what came since the last message cannot be the beginning of one."""
        return self._lost

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
                at = self._begin(data, at)
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

    def _begin(self, data: bytes, at: int) -> int:
        """Opens the next frame, if ``data`` holds its beginning; where to read on."""
        start = data.find(START, at)
        stop = start if start >= 0 else len(data)
        if not self._lost:
            if not self._lead:
                at = stop - len(data[at:stop].lstrip(_BETWEEN))
            head = self._lead + data[at : min(stop, at + len(_HEADER) - len(self._lead))]
            if head == _HEADER:
                self._open_with(self._lead)
                return at
            self._lead = head
            self._lost = not _HEADER.startswith(head)
        if start < 0:
            return len(data)
        self._open_with(b"")
        return start + 1

    def _open_with(self, lead: bytes) -> None:
        self._buffer += lead
        self._open, self._lost, self._lead = True, False, b""


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
    before, mark, rest = raw.partition(START)
    pieces = [before.replace(END, b"\r"), *framer.feed(mark + rest), framer.pending]
    return b"\r".join(pieces)

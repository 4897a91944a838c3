"""An interface engine as a test needs it: messages to send, a socket, answers to read."""

import socket
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

TIMEOUT = 20.0


def siu(number: int = 1, *, trigger: str = "S12", **parts: str) -> bytes:
    """A well-formed SIU about a visit and a patient of its own number."""
    start = parts.get("start", "20270315090000")
    control_id = parts.get("control_id", f"M{number}")
    sent = parts.get("sent", "20270301090000-0500")
    kind = parts.get("kind", f"SIU^{trigger}^SIU_S12")
    lines = [
        f"MSH|^~\\&|APP|CGI|OUT|CGI|{sent}||{kind}|{control_id}|P|2.5.1",
        f"SCH|P{number}^APP|F{number}^APP|||||||||^^^{start}|||||||||||||||",
        f"PID|1||{number}^^^CGI^MR||{parts.get('name', 'Larkspur^Nell')}||19800101|F",
        "AIS|1|A|INF^Infusion",
    ]
    return ("\r".join(lines) + "\r").encode()


def framed(message: bytes) -> bytes:
    return b"\x0b" + message + b"\x1c\r"


@dataclass(frozen=True)
class Ack:
    """One acknowledgement, taken apart."""

    code: str
    control_id: str
    error: str
    raw: bytes


def read_ack(message: bytes) -> Ack:
    segments = {line[:3]: line.split(b"|") for line in message.split(b"\r") if line}
    msa, err = segments[b"MSA"], segments.get(b"ERR")
    error = err[3].split(b"^")[0].decode() if err else ""
    return Ack(msa[1].decode(), msa[2].decode("latin-1"), error, message)


@dataclass
class Engine:
    """One connection. Leaving the context closes it."""

    port: int
    tls: ssl.SSLContext | None = None
    _socket: socket.socket = field(init=False)
    _received: bytes = b""

    def __enter__(self) -> Self:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        if self.tls is None:
            self._socket = plain
        else:
            self._socket = self.tls.wrap_socket(plain, server_hostname="localhost")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def finish(self) -> None:
        """Says that nothing more comes, and goes on listening."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Ends the connection as a crashed host would."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._socket.close()

    def ack(self) -> Ack:
        """The next answer. Raises ConnectionError when the connection ends before one."""
        while b"\x1c\r" not in self._received:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("closed without an answer")
            self._received += data
        message, _, self._received = self._received.partition(b"\x1c\r")
        assert message.startswith(b"\x0b")
        return read_ack(message[1:])

    def send(self, message: bytes) -> Ack:
        """Sends one message and waits for its answer, as engines do."""
        self.write(framed(message))
        return self.ack()

    def sends_in_vain(self, message: bytes) -> bool:
        """Sends one message; true when the other side closes without an answer."""
        self.write(framed(message))
        return self.is_closed()

    def is_closed(self) -> bool:
        """Waits until the other side closes; false when it says something instead."""
        try:
            return self._socket.recv(65536) == b""
        except ConnectionError:
            return True

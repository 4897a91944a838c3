"""A mail server that speaks just enough SMTP, and refuses or hangs up where a test says so."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    port: int = 0
    answers: dict[str, str | None] = field(default_factory=dict)
    """By command (``RCPT``, ``.`` for the end of the text): another answer; None hangs up."""
    mails: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


_USUAL = {
    "EHLO": "250-mail.invalid\r\n250 AUTH PLAIN",
    "AUTH": "235 welcome",
    "MAIL": "250 fine",
    "RCPT": "250 fine",
    "DATA": "354 go on",
    ".": "250 kept",
    "QUIT": "221 bye",
    "RSET": "250 fine",
}


def _talk(connection: socket.socket, server: MailServer) -> None:
    lines = connection.makefile("r", encoding="utf-8", newline="\r\n")

    def say(command: str) -> bool:
        server.commands.append(command)
        answer = server.answers.get(command, _USUAL.get(command, "500 what?"))
        if answer is not None:
            connection.sendall(f"{answer}\r\n".encode())
        return answer is not None and (answer[0] in "23" or command != "")

    connection.sendall(b"220 mail.invalid\r\n")
    for line in lines:
        command = line.split(" ")[0].strip().upper()
        if not say(command) or command == "QUIT":
            return
        if command == "DATA" and server.answers.get("DATA", "354")[:1] == "3":  # type: ignore[index]
            text = []
            for part in lines:
                if part == ".\r\n":
                    break
                text.append(part)
            if server.answers.get(".", "250 kept") is not None:
                server.mails.append("".join(text))
            if not say("."):
                return


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    server = MailServer()
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                _talk(connection, server)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()

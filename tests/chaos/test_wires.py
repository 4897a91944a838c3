"""A wire carries bytes both ways, and can be stalled, slowed and cut."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.wires import Wire, Wires


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says everything back; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            lines: list[threading.Thread] = []
            while not over.is_set():
                try:
                    line, _ = server.accept()
                except TimeoutError:
                    continue
                lines.append(threading.Thread(target=repeat, args=(line,)))
                lines[-1].start()
            for one in lines:
                one.join()

        def repeat(line: socket.socket) -> None:
            with line:
                try:
                    while data := line.recv(100):
                        line.sendall(data)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join()


@pytest.fixture
def wires() -> Iterator[Wires]:
    with Wires() as made:
        yield made


def called(wire: Wire) -> socket.socket:
    host, _, port = wire.address.partition(":")
    return socket.create_connection((host, int(port)), timeout=2)


def test_it_carries_and_stalls_and_goes_on(echo: int, wires: Wires) -> None:
    wire = wires.to_port(echo)
    with called(wire) as line:
        line.sendall(b"one")
        assert line.recv(10) == b"one"
        wires.call(wire.stall)
        line.settimeout(0.2)
        line.sendall(b"two")
        with pytest.raises(TimeoutError):
            line.recv(10)
        wires.call(wire.mend)
        line.settimeout(2)
        assert line.recv(10) == b"two"


def test_a_slow_wire_is_late(echo: int, wires: Wires) -> None:
    wire = wires.to_port(echo)
    wires.call(lambda: wire.slow(0.1))
    with called(wire) as line:
        began = time.monotonic()
        line.sendall(b"one")
        assert line.recv(10) == b"one"
        assert time.monotonic() - began >= 0.2


def test_a_cut_wire_ends_its_connections_and_takes_new_ones(echo: int, wires: Wires) -> None:
    wire = wires.to_port(echo)
    with called(wire) as line:
        line.sendall(b"one")
        assert line.recv(10) == b"one"
        wires.call(wire.cut)
        with pytest.raises(ConnectionResetError):
            line.recv(10)
    with called(wire) as line:
        line.sendall(b"two")
        assert line.recv(10) == b"two"


def test_where_nobody_listens_the_caller_is_cut_off(wires: Wires, tmp_path: Path) -> None:
    near = tmp_path / "near"
    wires.to_socket(near, tmp_path / "nobody")
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2)
        line.connect(str(near))
        try:
            assert line.recv(10) == b""
        except ConnectionResetError:
            return

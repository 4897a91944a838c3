"""Ports that are held: free for a child to listen on, and for nobody else to be given."""

import socket

import pytest

from outreach.cli.ports import HOST, HeldPorts
from outreach.domain.errors import Unavailable


def listening(port: int) -> socket.socket:
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((HOST, port))
    found.listen()
    return found


def test_a_held_port_can_be_listened_on_again_and_again() -> None:
    with HeldPorts([0, 0]) as held:
        assert len(set(held.numbers)) == 2
        for port in held.numbers * 2:
            with listening(port), socket.create_connection((HOST, port), timeout=5):
                pass


def test_a_held_port_is_not_given_to_who_asks_for_any() -> None:
    with HeldPorts([0] * 20) as held:
        given = []
        for _ in range(2000):
            with socket.socket() as other:
                other.bind((HOST, 0))
                given.append(other.getsockname()[1])
        assert not set(given) & set(held.numbers)


def test_a_port_that_somebody_listens_on_is_named_and_none_stays_held() -> None:
    with listening(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port} is in use"):
            HeldPorts([0, port])


def test_a_port_is_free_after_it_was_let_go() -> None:
    with HeldPorts([0]) as held:
        (port,) = held.numbers
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((HOST, port))
    with socket.socket() as other:
        other.bind((HOST, port))

"""Listens for the scheduling systems of a clinic: MLLP, with TLS where an interface asks for it."""

import asyncio
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import structlog

from outreach.domain.errors import ConfigurationError, Unavailable
from outreach.domain.interfaces import Interface, MllpLimits, TlsFiles
from outreach.listeners.answers import Answers
from outreach.listeners.connection import Connection, Desk
from outreach.listeners.group_store import GroupStore
from outreach.listeners.waker import Waker
from outreach.pipeline.arrive import arrive_many
from outreach.pipeline.world import World

log = structlog.get_logger(__name__)

_HANDSHAKE_SECONDS = 10.0
_BACKLOG = 128

Ready = Callable[[], None]


def serve(world: World, interfaces: Sequence[Interface]) -> None:
    """Listens for all ``interfaces`` until SIGINT or SIGTERM; then answers what it has received.

    Raises:
        ConfigurationError: a certificate or key cannot be used.
        Unavailable: a port is taken.
    """
    with ExitStack() as stack:
        doors = [stack.enter_context(_door(interface)) for interface in interfaces]
        asyncio.run(_until_signal(world, doors))


@contextmanager
def running(world: World, interface: Interface) -> Iterator[int]:
    """One interface in a thread of this process; its port (give it port 0 for a free one)."""
    with _door(interface) as door:
        loop = asyncio.new_event_loop()
        stop, ready = asyncio.Event(), threading.Event()
        main = partial(_serve, world, [door], stop, ready.set)
        thread = threading.Thread(target=lambda: loop.run_until_complete(main()), name="mllp")
        thread.start()
        try:
            if not ready.wait(10):
                raise Unavailable("The listener did not start: look at its log.")
            yield door.port
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(timeout=30)
            loop.close()


@dataclass(frozen=True, slots=True)
class _Door:
    """Where one interface is listened to, before anybody is let in."""

    interface: Interface
    limits: MllpLimits
    listener: socket.socket
    tls: ssl.SSLContext | None

    @property
    def port(self) -> int:
        """The port it has, also where 0 was asked for."""
        port: int = self.listener.getsockname()[1]
        return port


@contextmanager
def _door(interface: Interface) -> Iterator[_Door]:
    endpoint = interface.mllp
    if endpoint is None:
        raise ConfigurationError(
            f"The interface {interface.name!r} has no 'mllp' part: say there on which port."
        )
    tls = None if endpoint.tls is None else tls_context(endpoint.tls)
    with closing(_listen(endpoint.host, endpoint.port)) as listener:
        yield _Door(interface, endpoint.limits, listener, tls)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {host} port {port} ({error.strerror}): "
            "stop what uses it, or name another."
        ) from None


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or newer with our certificate, asking for the sender's where authorities are named.

    Raises:
        ConfigurationError: a file is missing or is not what it should be; names it.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(files.certificate, files.key)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"{files.certificate} and {files.key} cannot be used for TLS "
            f"({error.strerror or error}). Both must be PEM and belong together."
        ) from None
    if files.client_authorities is not None:
        try:
            context.load_verify_locations(files.client_authorities)
        except OSError as error:
            raise ConfigurationError(
                f"{files.client_authorities} holds no certificates that can be used "
                f"({error.strerror or error}). Write them as PEM."
            ) from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def _until_signal(world: World, doors: Sequence[_Door]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await _serve(world, doors, stop)


async def _serve(
    world: World, doors: Sequence[_Door], stop: asyncio.Event, ready: Ready = lambda: None
) -> None:
    with closing(Waker(partial(world.wake, "ingest"))) as wake:
        with GroupStore(partial(arrive_many, world)) as store:
            opened = [await _open(world, door, store, wake) for door in doors]
            ready()
            await stop.wait()
            for server, desk in opened:
                server.close()
                await _finish(desk)
        await asyncio.sleep(0)  # what was stored last is told here


async def _open(
    world: World, door: _Door, store: GroupStore, wake: Waker
) -> tuple[asyncio.Server, Desk]:
    interface = door.interface
    desk = Desk(interface.name, door.limits, Answers(world, interface), store, wake)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(desk),
        sock=door.listener,
        ssl=door.tls,
        ssl_handshake_timeout=None if door.tls is None else _HANDSHAKE_SECONDS,
    )
    log.info("mllp.listening", interface=interface.name, port=door.port, tls=door.tls is not None)
    return server, desk


async def _finish(desk: Desk) -> None:
    """Lets every connection answer what it has received; none has longer than an answer has."""
    for connection in list(desk.connections):
        connection.end()
    if desk.connections:
        with suppress(TimeoutError):  # what is not answered by then is sent again
            await asyncio.wait_for(desk.empty.wait(), desk.limits.ack_seconds)

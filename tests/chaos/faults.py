"""The faults: each begins at a random instant, lasts a moment, and is over when its steps are.

A fault is a generator: it yields how many seconds pass before its next step, so that several can be
under way at once. Whatever it broke outside the program it mends in ``finally``; the program itself
it never helps.
"""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, prlimit

from tests.chaos.system import LEASE, WORKERS, System

Steps = Iterator[float]
BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which things go wrong."""

    name: str
    begin: Callable[[System, random.Random], Steps]
    databases: tuple[str, ...] = BOTH


# -- processes


def worker_children_killed(system: System, chance: random.Random) -> Steps:
    """SIGKILL to processes that work, as the kernel does when memory runs out."""
    for _ in range(2):
        busy = [pid for name in WORKERS for pid in system.tree(name)[1:]]
        if busy:
            system.signal([chance.choice(busy)], signal.SIGKILL)
        yield chance.uniform(0.2, 0.8)


def worker_node_killed(system: System, chance: random.Random) -> Steps:
    """A node with all its processes, as when a container is killed or a host loses its power."""
    system.kill(chance.choice(WORKERS))
    yield 0.5


def worker_parent_killed(system: System, chance: random.Random) -> Steps:
    """The parent alone: its children work on as orphans while another node takes up the work."""
    system.signal([system.pid(chance.choice(WORKERS))], signal.SIGKILL)
    yield 0.5


def worker_frozen(system: System, chance: random.Random) -> Steps:
    """A node that sleeps for longer than its lease and then goes on where it was: all of it, or
    the processes that work, while their parent wonders.
    """
    pids = system.tree(chance.choice(WORKERS))[chance.randint(0, 1) :]
    system.signal(pids, signal.SIGSTOP)
    try:
        yield LEASE + chance.uniform(0.3, 1.5)
    finally:
        system.signal(pids, signal.SIGCONT)


def web_killed(system: System, chance: random.Random) -> Steps:
    """In the middle of whatever it takes in; senders and the carrier try again."""
    system.kill("web")
    yield 0.5


def beat_killed(system: System, chance: random.Random) -> Steps:
    """The clockwork alone, inside the node that winds it."""
    for pid in system.tree("worker-urgent")[1:]:
        if b"beat" in _command(pid):
            system.signal([pid], signal.SIGKILL)
    yield 0.5


def two_beats(system: System, chance: random.Random) -> Steps:
    """A second one that stands by on another machine ticks as well."""
    beat = system.second_beat()
    try:
        yield 4.0
    finally:
        system.end(beat)


# -- Redis


def redis_killed(system: System, chance: random.Random) -> Steps:
    """With all it holds, and away for a while."""
    system.hold("redis")
    try:
        system.kill("redis")
        yield chance.uniform(0.3, 2.0)
    finally:
        system.release("redis")


def redis_emptied(system: System, chance: random.Random) -> Steps:
    """FLUSHALL, again and again."""
    import redis

    for _ in range(4):
        try:
            with redis.Redis.from_url(system.redis.client_url, socket_timeout=1.0) as client:
                client.flushall()
        except redis.RedisError:
            pass  # killed by another fault: then it is empty too
        yield chance.uniform(0.1, 0.5)


def redis_frozen(system: System, chance: random.Random) -> Steps:
    """It takes connections and answers nothing."""
    pid = system.pid("redis")
    system.signal([pid], signal.SIGSTOP)
    try:
        yield chance.uniform(1.0, 4.0)
    finally:
        system.signal([pid], signal.SIGCONT)


# -- databases


def postgres_restarted(system: System, chance: random.Random) -> Steps:
    """Fast shutdown: every session is ended, and it comes again."""
    system.signal([system.pid("postgres")], signal.SIGINT)
    yield 1.0


def postgres_killed(system: System, chance: random.Random) -> Steps:
    """SIGKILL to the server and its sessions: it recovers from its log."""
    system.hold("postgres")
    try:
        system.kill("postgres")
        yield chance.uniform(0.3, 1.0)
    finally:
        system.release("postgres")


def session_killed(system: System, chance: random.Random) -> Steps:
    """SIGKILL to one session: the server ends all others and recovers."""
    sessions = [pid for pid in system.tree("postgres")[1:] if b"outreach" in _command(pid)]
    if sessions:
        system.signal([chance.choice(sessions)], signal.SIGKILL)
    yield 1.0


def disk_full(system: System, chance: random.Random) -> Steps:
    """SQLite's disk has no byte left. Where none can be mounted, no file may grow instead."""
    if system.disk == system.folder:
        yield from files_cannot_grow(system, chance)
        return
    filler = system.disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):  # full, as it should be
        while True:
            file.write(b"\0" * 65536)
    try:
        yield chance.uniform(1.0, 3.0)
    finally:
        filler.unlink()


def files_cannot_grow(system: System, chance: random.Random) -> Steps:
    """The kernel refuses every write beyond the first page, to all parts alike: the database's
    and the logs', as on a disk that holds both and is full.
    """
    pids = [pid for name in ("web", *WORKERS) for pid in system.tree(name)]
    _, hard = getrlimit(RLIMIT_FSIZE)
    _limit(pids, 4096, hard)
    try:
        yield chance.uniform(1.0, 3.0)
    finally:
        _limit([pid for name in ("web", *WORKERS) for pid in system.tree(name)], hard, hard)


def _limit(pids: list[int], soft: int, hard: int) -> None:
    for pid in pids:
        try:
            prlimit(pid, RLIMIT_FSIZE, (soft, hard))
        except ProcessLookupError:
            continue


# -- the provider


def provider_errors(system: System, chance: random.Random) -> Steps:
    """500, of which every other was accepted all the same."""
    for accept in (True, False, True):
        system.carrier("faults", {"fault": "500", "accept": accept})
    yield 1.5


def provider_too_many(system: System, chance: random.Random) -> Steps:
    """429 with Retry-After."""
    system.carrier("faults", {"fault": "429", "retry_after": 1, "times": 4})
    yield 1.5


def provider_hangs(system: System, chance: random.Random) -> Steps:
    """Accepts, and answers after whoever asked has given up."""
    system.carrier("faults", {"fault": "accept_then_hang", "seconds": 4, "times": 3})
    yield 1.5


def provider_drops(system: System, chance: random.Random) -> Steps:
    """Accepts, and cuts the connection without a word."""
    system.carrier("faults", {"fault": "accept_then_drop", "times": 3})
    yield 1.5


def provider_slow(system: System, chance: random.Random) -> Steps:
    """Answers late: receipts come before our own record of the send."""
    system.carrier("faults", {"fault": "accept_then_hang", "seconds": 0.8, "times": 6})
    yield 1.5


def _receipts(order: str) -> Callable[[System, random.Random], Steps]:
    def begin(system: System, chance: random.Random) -> Steps:
        system.carrier("receipts", {"order": order})
        try:
            yield 3.0
        finally:
            system.carrier("receipts", {"order": "in_order"})

    return begin


def receipts_shuffled(system: System, chance: random.Random) -> Steps:
    """In any order."""
    return _receipts("shuffled")(system, chance)


def receipts_repeated(system: System, chance: random.Random) -> Steps:
    """Each one twice."""
    return _receipts("repeated")(system, chance)


def receipts_lost(system: System, chance: random.Random) -> Steps:
    """None comes, and some answers neither: only a look-up can tell what was accepted."""
    system.carrier("faults", {"fault": "accept_then_drop", "times": 2})
    system.carrier("faults", {"fault": "500", "accept": False})
    return _receipts("none")(system, chance)


def texts_lost_in_transit(system: System, chance: random.Random) -> Steps:
    """Accepted, and reported as not delivered: for some a fresh send is safe, for others a call."""
    for code in (30008, 30003, 30005):
        system.carrier("faults", {"fault": "undelivered", "code": code})
    yield 1.5


# -- time


def clinic_clock_jumps(system: System, chance: random.Random) -> Steps:
    """Forward by up to twenty minutes, and back."""
    ahead = timedelta(seconds=chance.uniform(30, 1200))
    system.clock.set(system.clock.now() + ahead, rate=1.0)
    yield 1.5
    system.clock.set(system.clock.now() - ahead, rate=1.0)
    yield 0.5


def machine_clock_jumps(system: System, chance: random.Random) -> Steps:
    """Forward or back by up to a minute, for all parts at once; then right again."""
    system.skew(chance.choice([-1, 1]) * chance.uniform(2.0, 60.0))
    try:
        yield chance.uniform(1.0, 3.0)
    finally:
        system.skew(0.0)


# -- the network


def _wire(name: str) -> Callable[[System, random.Random], Steps]:
    def begin(system: System, chance: random.Random) -> Steps:
        wire = system.wire[name]
        what = chance.choice(["stall", "slow", "cut"])
        try:
            if what == "stall":
                system.wires.call(wire.stall)
                yield chance.uniform(1.0, 3.0)
            elif what == "slow":
                system.wires.call(lambda: wire.slow(chance.uniform(0.02, 0.2)))
                yield chance.uniform(1.0, 3.0)
            else:
                for _ in range(3):
                    system.wires.call(wire.cut)
                    yield chance.uniform(0.1, 0.6)
        finally:
            system.wires.call(wire.mend)

    return begin


def network_to_provider(system: System, chance: random.Random) -> Steps:
    """Stalls, slows or cuts every connection between the workers and the provider."""
    return _wire("provider")(system, chance)


def network_to_redis(system: System, chance: random.Random) -> Steps:
    """The same to Redis."""
    return _wire("redis")(system, chance)


def network_to_database(system: System, chance: random.Random) -> Steps:
    """The same to PostgreSQL."""
    return _wire("database")(system, chance)


def network_to_web(system: System, chance: random.Random) -> Steps:
    """The same between the carrier, the senders and us."""
    return _wire("web")(system, chance)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


_PLAIN = (
    worker_children_killed,
    worker_node_killed,
    worker_parent_killed,
    worker_frozen,
    web_killed,
    beat_killed,
    two_beats,
    redis_killed,
    redis_emptied,
    redis_frozen,
    postgres_restarted,
    postgres_killed,
    session_killed,
    disk_full,
    files_cannot_grow,
    provider_errors,
    provider_too_many,
    provider_hangs,
    provider_drops,
    provider_slow,
    receipts_shuffled,
    receipts_repeated,
    receipts_lost,
    texts_lost_in_transit,
    clinic_clock_jumps,
    machine_clock_jumps,
    network_to_provider,
    network_to_redis,
    network_to_database,
    network_to_web,
)
_ONE_DATABASE = {
    "postgres_restarted": ("postgresql",),
    "postgres_killed": ("postgresql",),
    "session_killed": ("postgresql",),
    "network_to_database": ("postgresql",),
    "disk_full": ("sqlite",),
    "files_cannot_grow": ("sqlite",),
}
FAULTS = {
    begin.__name__: Fault(begin.__name__, begin, _ONE_DATABASE.get(begin.__name__, BOTH))
    for begin in _PLAIN
}


def on(database: str) -> list[Fault]:
    """The faults that a system on this database can meet."""
    return [fault for fault in FAULTS.values() if database in fault.databases]

"""Redis, PostgreSQL and SQLite's disk: gone, emptied, frozen, full."""

import random
import signal
from contextlib import suppress
from resource import RLIMIT_FSIZE, getrlimit, prlimit

import redis

from tests.chaos.faults.steps import Steps, command
from tests.chaos.system import WORKERS, System


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
    sessions = [pid for pid in system.tree("postgres")[1:] if b"outreach" in command(pid)]
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

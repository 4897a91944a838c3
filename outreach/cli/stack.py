"""Everything on one machine: Redis, the sandbox carrier, the web part and two worker nodes.

``outreach up`` and ``outreach demo`` stand on it. Its parts are child processes that read their
settings from the environment and never outlive us.
"""

import fcntl
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from outreach.bootstrap import build_world, record_configuration
from outreach.cli.broker import check_broker
from outreach.cli.environment import child_environment
from outreach.cli.ports import HOST, HeldPorts
from outreach.domain.errors import ConfigurationError, NotFound, Unavailable
from outreach.embedded.children import Children
from outreach.embedded.program import Program
from outreach.embedded.redis_server import RedisServer, start_redis
from outreach.settings import Settings, keep_keys, with_kept_keys
from outreach.storage.migrate import upgrade
from outreach.wakeup import BULK_QUEUES, URGENT_QUEUES

URGENT_PROCESSES = 3
"""One for each queue that is its own, so that a long file never keeps a reply waiting."""
BULK_PROCESSES = 2
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Part:
    """How one child is started, so that it can be started again."""

    command: list[str]
    ready: Callable[[], bool]
    forget: Path | None = None
    """A file that says it is ready, removed before each start."""


class Stack:
    """A context manager, for the main thread; leaving it stops everything, workers first.

    Parts are named ``redis``, ``sandbox``, ``web``, ``worker-urgent`` and ``worker-bulk``; there is
    no ``redis`` of ours where settings name a broker, and no ``sandbox`` with a live account.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        web_port: int = 8000,
        sandbox_port: int = 8010,
        durable: bool = True,
        grace: float = 30.0,
    ) -> None:
        """Decides addresses and keys; starts nothing yet. Port 0 takes a free one.

        ``durable`` is for Redis: an append-only file. ``grace`` is how many seconds a part has to
        end; work that is cut short then is taken up again at the next start.

        Raises:
            ConfigurationError: the database is there and the keys that open it are not.
            Unavailable: a port is in use.
        """
        self._durable = durable
        wanted = [web_port, sandbox_port] if settings.uses_sandbox else [web_port]
        self._ports = HeldPorts(wanted)
        self._parts: dict[str, _Part] = {}
        self._running: dict[str, Program] = {}
        self._redis: RedisServer | None = None
        self.web_url = f"http://{HOST}:{self._ports.numbers[0]}"
        try:
            self.settings = self._settled(settings)
        except BaseException:
            self._ports.close()
            raise
        self.data = self.settings.data_dir
        self.broker = "the broker of OUTREACH_BROKER_URL"
        """What carries the wake-ups, in words."""
        self.children = Children(self.data, grace=grace)

    @property
    def sandbox_url(self) -> str | None:
        """Where the carrier's phones are, when texts go to the sandbox."""
        return self.settings.sandbox_url if self.settings.uses_sandbox else None

    def __enter__(self) -> Self:
        try:
            self._take_folder()
        except Unavailable:
            self.close()
            raise
        self.children.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.children.__exit__(kind, error, trace)
        self._running.clear()
        self._tidy()
        self._lock.close()
        self.close()

    def close(self) -> None:
        """Gives the ports back, where it is not entered. Leaving the context does it too."""
        self._ports.close()

    def start(self) -> None:
        """Brings the database up to date, then starts every part and waits until it is ready.

        Raises:
            Unavailable: the database cannot be reached, or a part did not start; names its log.
            ConfigurationError: a setting or a file in ``config/`` is wrong.
            StopRequested: Ctrl-C or a stop signal came meanwhile.
        """
        if self.settings.broker_url is not None:
            check_broker(self.settings, tries=2)
        upgrade(self.settings.database())
        world = build_world(self.settings)
        try:
            record_configuration(world)
        finally:
            world.db.close()
        self._start_broker()
        self._describe_parts()
        for name in self._parts:
            self._begin(name)
        for name, part in self._parts.items():
            self._running[name].wait_ready(part.ready, _READY_SECONDS)

    def watch(self, seconds: float | None = None) -> None:
        """Blocks while all parts live, for ``seconds`` or for ever; see ``Children.watch``."""
        self.children.watch(seconds)

    def kill(self, name: str) -> None:
        """SIGKILL to a part and all its processes, as a power cut would; it stays down.

        Raises:
            NotFound: no part of this name runs.
        """
        program = self._named(name)
        os.killpg(program.pid, signal.SIGKILL)
        self.children.forget(program)
        del self._running[name]

    def restart(self, name: str) -> None:
        """Starts a part again, after ending it in order if it runs; waits until it is ready.

        Raises:
            NotFound: this stack has no such part.
            Unavailable: it did not start.
        """
        if name not in self._parts:
            raise NotFound(f"There is no part named {name!r}. Parts: {', '.join(self._parts)}.")
        if name in self._running:
            self.children.forget(self._running.pop(name))
        self._begin(name).wait_ready(self._parts[name].ready, _READY_SECONDS)

    def stop(self) -> None:
        """Ends every part, the last started first. Leaving the context does it too."""
        self.children.stop()
        self._running.clear()
        self._tidy()

    def environment(self) -> dict[str, str]:
        """The environment under which a process works with this stack's database and broker."""
        return child_environment(self.settings, os.environ)

    def _take_folder(self) -> None:
        """One stack to a folder: a second would share its Redis and its ready files.

        Raises:
            Unavailable: another stack runs there.
        """
        run = self.data / "run"
        run.mkdir(parents=True, exist_ok=True)
        self._lock = (run / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise Unavailable(
                f"Outreach already runs in {self.data}. Stop it first, or set OUTREACH_DATA_DIR."
            ) from None

    def _settled(self, settings: Settings) -> Settings:
        """Settings with every address and key decided, so that all parts agree on them."""
        data = settings.data_dir.absolute()
        data.mkdir(mode=0o700, parents=True, exist_ok=True)  # patients' data: for us alone
        settings = _with_keys(settings.model_copy(update={"data_dir": data}))
        fixed: dict[str, object] = {
            "config_dir": settings.config_path().absolute(),
            "database_url": settings.database(),
        }
        if settings.uses_sandbox:
            fixed["sandbox"] = True
            fixed["sandbox_url"] = f"http://{HOST}:{self._ports.numbers[1]}"
            fixed["public_url"] = self.web_url
        return settings.model_copy(update=fixed)

    def _start_broker(self) -> None:
        if self.settings.broker_url is not None:
            return
        server = start_redis(
            self.data / "redis", durable=self._durable, log=self.data / "logs" / "redis.log"
        )
        if server is None:
            self.broker = "files (no Redis was found: wake-ups are some milliseconds slower)"
            url = f"filesystem://{self.data / 'broker'}"
        else:
            self._redis = server
            self._running["redis"] = self.children.adopt(server.program)
            self.broker = server.binary.origin
            url = server.broker_url
        self.settings = self.settings.model_copy(update={"broker_url": url})

    def _describe_parts(self) -> None:
        web = ["web", "--host", HOST, "--port", str(self._ports.numbers[0])]
        if self.settings.uses_sandbox:
            words = ["sandbox", "--host", HOST, "--port", str(self._ports.numbers[1])]
            words += ["--app-url", self.web_url]
            self._parts["sandbox"] = _Part(_ourselves(words), _lives(self.settings.sandbox_url))
        self._parts["web"] = _Part(_ourselves(web), _lives(self.web_url))
        self._parts["worker-bulk"] = self._worker("bulk", BULK_QUEUES, BULK_PROCESSES)
        self._parts["worker-urgent"] = self._worker(
            "urgent", URGENT_QUEUES, URGENT_PROCESSES, "--beat"
        )

    def _worker(self, name: str, queues: tuple[str, ...], processes: int, *more: str) -> _Part:
        ready = self.data / "run" / f"{name}.ready"
        words = worker_words(queues, processes, ready, *more)
        return _Part(_ourselves(words), ready.exists, forget=ready)

    def _begin(self, name: str) -> Program:
        part = self._parts[name]
        if part.forget is not None:
            part.forget.unlink(missing_ok=True)
        program = self.children.start(name, part.command, environment=self.environment())
        self._running[name] = program
        return program

    def _named(self, name: str) -> Program:
        try:
            return self._running[name]
        except KeyError:
            raise NotFound(f"No part named {name!r} runs.") from None

    def _tidy(self) -> None:
        if self._redis is not None:
            self._redis.tidy()


def worker_words(queues: tuple[str, ...], processes: int, ready: Path, *more: str) -> list[str]:
    """What is said to ``outreach`` to start a worker node that makes ``ready`` when it is up."""
    words = ["worker", "--queues", ",".join(queues), "--concurrency", str(processes)]
    return [*words, "--ready-file", str(ready), *more]


def _with_keys(settings: Settings) -> Settings:
    """Settings with keys: those set, those kept beside the data, or new ones kept there now."""
    settings = with_kept_keys(settings)
    if settings.keys is not None:
        return settings
    if settings.database_url or (settings.data_dir / "outreach.db").exists():
        raise ConfigurationError(
            "OUTREACH_KEYS and OUTREACH_INDEX_KEY are not set, and the database may hold what only "
            f"they can open. Set them, or restore {settings.data_dir / 'keys.env'}; for a new "
            "database make them with 'outreach keys'."
        )
    keep_keys(settings.data_dir)
    return with_kept_keys(settings)


def _ourselves(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "outreach.cli", *words]


def _lives(url: str) -> Callable[[], bool]:
    """Asks a part whether it serves."""

    def asked() -> bool:
        try:
            with urllib.request.urlopen(f"{url}/health/live", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False  # not listening yet

    return asked

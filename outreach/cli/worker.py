"""``outreach worker`` and ``outreach beat``: the processes that do the work and wake it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from outreach.settings import Settings

_BROKER_TRIES = 5
_YIELDS = 5
"""By so much a node without urgent queues is nicer: on a busy machine whoever wrote goes first."""
_QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]


def worker(
    queues: Annotated[
        str | None,
        typer.Option(help="Queues to take from, separated by commas; all when not given."),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="How many processes work at once.")] = 2,
    beat: Annotated[
        bool, typer.Option("--beat", help="Tick in this node too; for one of all your nodes.")
    ] = False,
    ready_file: Annotated[
        Path | None, typer.Option(hidden=True, help="Made as soon as the worker takes work.")
    ] = None,
) -> None:
    """Run a worker node until it is stopped.

    Run two: one for urgent,replies,intake,tick and one for send,receipts,campaigns,upkeep,tick, so
    that an urgent reply never waits behind a campaign. Both take the tick. The latter lets the
    former go first where a machine has too little for both.
    """
    from outreach.wakeup import QUEUES, URGENT_QUEUES

    wanted = _wanted(queues, QUEUES)
    if not set(wanted) & (set(URGENT_QUEUES) - {"tick"}):
        os.nice(_YIELDS)
    settings = _configured()
    from outreach.cli.broker import check_broker
    from outreach.tasks.app import app
    from outreach.tasks.clockwork import tick_in
    from outreach.tasks.process import world
    from outreach.tasks.ready import touch_when_ready

    world()  # its faults are told here, once, and not by every process; all of them share it
    check_broker(settings, _BROKER_TRIES)
    if ready_file is not None:
        touch_when_ready(ready_file)
    words = ["worker", "--queues", ",".join(wanted), "--concurrency", str(concurrency), *_QUIET]
    words += ["--hostname", f"{wanted[0]}-{os.getpid()}@%h", "--pool", "prefork"]
    if beat:
        tick_in(app, _schedule(settings))
    app.worker_main(words)


def beat() -> None:
    """Run the clockwork: once a second it wakes the stages that have work.

    One is enough. Two do no harm, so a second may stand by.
    """
    settings = _configured()
    from outreach.bootstrap import build_world
    from outreach.cli.broker import check_broker
    from outreach.tasks.app import app

    build_world(settings).db.close()  # its faults are told at once
    check_broker(settings, _BROKER_TRIES)

    app.start(["beat", "--loglevel", "WARNING", "--schedule", _schedule(settings), "--pidfile="])


def _wanted(queues: str | None, known: tuple[str, ...]) -> list[str]:
    if queues is None:
        return list(known)
    wanted = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise typer.BadParameter(
            f"no queue is named {', '.join(map(repr, unknown)) or 'nothing'}; "
            f"queues are {', '.join(known)}",
            param_hint="--queues",
        )
    return wanted


def _configured() -> "Settings":
    """The settings of this process, once they name a broker; its log is set up.

    Raises:
        ConfigurationError: no broker is set, or a setting is wrong.
    """
    from outreach.logs import configure_logs
    from outreach.settings import load_settings

    settings = load_settings()
    if settings.broker_url is None:
        raise ConfigurationError(
            "OUTREACH_BROKER_URL is not set. Write redis://host:6379/0, or run 'outreach up', "
            "which brings a Redis of its own."
        )
    configure_logs()
    return settings


def _schedule(settings: "Settings") -> str:
    """Where beat remembers its last tick."""
    folder = settings.data_dir.absolute() / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / "beat")

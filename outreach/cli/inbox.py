"""``outreach inbox``: what arrived and what became of it; quarantine is replayed from here."""

from typing import Annotated, Any
from uuid import UUID

import typer

app = typer.Typer(add_completion=False)

_STATUSES = ("received", "applied", "split", "ignored", "stale", "quarantined")


@app.callback(invoke_without_command=True)
def inbox(
    context: typer.Context,
    status: Annotated[str, typer.Option(help=f"One of {', '.join(_STATUSES)}.")] = "quarantined",
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 100,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List arrivals in one status, the newest first: ids and reasons, nothing of a patient."""
    if context.invoked_subcommand is not None:
        return
    if status not in _STATUSES:
        raise typer.BadParameter(f"one of {', '.join(_STATUSES)}", param_hint="--status")
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.cli.screen import table
    from outreach.storage.models import InboxStatus

    with opened_world() as world, world.db.read() as unit:
        rows = [_item(row) for row in unit.inbox.with_status(InboxStatus(status), limit)]
    if json_:
        for row in rows:
            write_line(row)
        return
    titles = ("id", "received", "source", "trigger", "code", "reason")
    table(titles, [tuple(str(row[title] or "") for title in titles) for row in rows])


@app.command()
def replay(
    arrival: Annotated[UUID, typer.Argument(metavar="ID", help="As 'outreach inbox' shows it.")],
) -> None:
    """Settle a quarantined arrival again, after mending what it failed on."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline import ingest as stage
    from outreach.pipeline.arrive import replay

    with opened_world(record=True) as world:
        replay(world, arrival)
        while stage.drain(world, limit=100):
            continue
        with world.db.read() as unit:
            row = unit.inbox.event(arrival)
    if row is not None:
        typer.echo(f"{row.status.value}: {row.reason or 'done'}")


def _item(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "received": row.received_at.isoformat(timespec="seconds"),
        "source": row.source,
        "trigger": row.trigger,
        "status": row.status.value,
        "code": row.code or None,
        "reason": row.reason or None,
    }

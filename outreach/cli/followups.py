"""``outreach followups``: the worklist of the clinic's staff."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.domain.errors import BadInput, IllegalTransition

if TYPE_CHECKING:
    from outreach.domain.clinic import Clinic
    from outreach.storage.models import FollowUp

app = typer.Typer(add_completion=False)

Code = Annotated[str, typer.Argument(help="The short code of the item, as in the page.")]
By = Annotated[str, typer.Option("--by", help="Who did it.")]


@app.callback(invoke_without_command=True)
def followups(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List what waits for staff, the most pressing first."""
    if context.invoked_subcommand is not None:
        return
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.cli.screen import screen, table

    with opened_world() as world, world.db.read() as unit:
        now, rows = world.clinic_now(), unit.followups.worklist(closed=all_)
        items = [_item(row, world.clinic) for row in rows]
        late = [row.status.value == "open" and row.due_at < now for row in rows]
    if json_:
        for item in items:
            write_line(item)
        return
    if not items:
        screen().print("Nothing waits.")
        return
    shown = [
        (
            item["code"],
            item["priority"],
            item["due"][:16].replace("T", " ") + (" LATE" if overdue else ""),
            item["status"] + (f" by {item['assignee']}" if item["assignee"] else ""),
            item["kind"],
            item["summary"],
        )
        for item, overdue in zip(items, late, strict=True)
    ]
    table(("code", "priority", "due", "status", "kind", "what to do"), shown)


@app.command()
def ack(code: Code, by: By) -> None:
    """Take an item: paging stops, and the item is yours."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline.followup import acknowledge

    with opened_world() as world:
        try:
            item = acknowledge(world, code, by)
        except IllegalTransition:
            raise BadInput("state", "This follow-up is closed already.") from None
    typer.echo(f"{item.code} is yours, {by}.")


@app.command()
def close(
    code: Code,
    by: By,
    outcome: Annotated[
        str,
        typer.Option(
            "--outcome",
            help="How it ended, in a sentence. Of a hold_review it begins with go or hold, of a "
            "death_reported with confirmed or alive, of a wrong_number with wrong or right.",
        ),
    ],
) -> None:
    """Close an item, saying how it ended."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline.followup import close

    with opened_world() as world:
        try:
            item = close(world, code, by, outcome)
        except IllegalTransition:
            raise BadInput("state", "This follow-up is closed already.") from None
    typer.echo(f"{item.code} is closed.")


def _item(row: "FollowUp", clinic: "Clinic") -> dict[str, Any]:
    return {
        "code": row.code,
        "priority": row.priority.value,
        "action": row.action.value,
        "kind": row.kind,
        "status": row.status.value,
        "due": row.due_at.astimezone(clinic.zone).isoformat(timespec="seconds"),
        "created": row.created_at.astimezone(clinic.zone).isoformat(timespec="seconds"),
        "rounds": row.level,
        "assignee": row.assignee,
        "patient": str(row.patient_id) if row.patient_id else None,
        "summary": row.summary,
    }

"""``outreach calls``: all that cannot be texted and must be said by phone."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.domain.errors import BadInput, IllegalTransition

if TYPE_CHECKING:
    from outreach.pipeline.calls import Call
    from outreach.pipeline.world import World

app = typer.Typer(add_completion=False)

Code = Annotated[str, typer.Argument(help="The short code of the item.")]
By = Annotated[str, typer.Option("--by", help="Who phoned.")]


@app.callback(invoke_without_command=True)
def calls(
    context: typer.Context,
    phones: Annotated[
        bool, typer.Option("--phones", help="Names and numbers too: look over your shoulder.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the calls to make, the earliest due first."""
    if context.invoked_subcommand is not None:
        return
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.cli.screen import screen, table
    from outreach.pipeline.calls import worklist

    with opened_world() as world, world.db.read() as unit:
        found = [_item(one, world, phones=phones) for one in worklist(unit, world)]
    if json_:
        for item in found:
            write_line(item)
        return
    if not found:
        screen().print("Nobody waits for a call.")
        return
    titles = ["code", "due", "why", "tried", "what to say"]
    rows = [
        [
            item["code"],
            item["due"][:16].replace("T", " ") + (" LATE" if item["late"] else ""),
            item["why"] + (f" ({item['interpreter']})" if item["interpreter"] else ""),
            str(len(item["attempts"])),
            item["summary"],
        ]
        for item in found
    ]
    if phones:
        titles += ["who", "phones"]
        for row, item in zip(rows, found, strict=True):
            row += [item["name"] or "", ", ".join(one["number"] for one in item["phones"])]
    table(titles, rows)


@app.command("not-reached")
def not_reached(
    code: Code,
    by: By,
    note: Annotated[str, typer.Option("--note", help="Such as: left no message.")] = "",
) -> None:
    """Write down that nobody answered. The call stays on the list."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline import calls as stage

    with opened_world() as world:
        try:
            item = stage.not_reached(world, code, by, note)
        except IllegalTransition:
            raise BadInput("state", "This follow-up is closed already.") from None
    typer.echo(f"{item.code}: not reached, noted. The call stays on the list.")


@app.command()
def reached(
    code: Code,
    by: By,
    outcome: Annotated[str, typer.Option("--outcome", help="How it ended, in a sentence.")],
) -> None:
    """Close a call, saying how it ended."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline.followup import close

    with opened_world() as world:
        try:
            item = close(world, code, by, outcome)
        except IllegalTransition:
            raise BadInput("state", "This follow-up is closed already.") from None
    typer.echo(f"{item.code} is closed.")


def _item(call: "Call", world: "World", *, phones: bool) -> dict[str, Any]:
    from outreach.domain.calls import SENTENCES

    zone, row = world.clinic.zone, call.item
    found: dict[str, Any] = {
        "code": row.code,
        "due": row.due_at.astimezone(zone).isoformat(timespec="seconds"),
        "late": row.due_at < world.clinic_now(),
        "reason": call.reason.value,
        "why": SENTENCES[call.reason],
        "interpreter": call.interpreter or None,
        "kind": row.kind,
        "priority": row.priority.value,
        "status": row.status.value,
        "assignee": row.assignee,
        "patient": str(call.patient.id),
        "attempts": [
            {"at": note.at.astimezone(zone).isoformat(timespec="seconds"), "by": note.who}
            for note in call.attempts
        ],
        "summary": row.summary,
    }
    if phones:
        names = (call.patient.given, call.patient.family)
        found["name"] = " ".join(part for part in names if part) or None
        found["phones"] = [{"number": one.address, "whose": one.role.value} for one in call.numbers]
    return found

"""``outreach followups``: the worklist of the clinic's staff."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from outreach.domain.errors import BadInput, IllegalTransition
from outreach.domain.followups import Contact, StaffRole

if TYPE_CHECKING:
    from collections.abc import Callable

    from outreach.domain.clinic import Clinic
    from outreach.pipeline.world import World
    from outreach.storage.models import FollowUp

T = TypeVar("T")

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
            _status(item),
            item["kind"],
            item["summary"],
        )
        for item, overdue in zip(items, late, strict=True)
    ]
    table(("code", "priority", "due", "status", "kind", "what to do"), shown)


@app.command()
def ack(code: Code, by: By) -> None:
    """Take an item: paging stops, and the item is yours."""
    from outreach.pipeline.followup import acknowledge

    item = _done(lambda world: acknowledge(world, code, by))
    typer.echo(f"{item.code} is yours, {by}.")


@app.command()
def close(
    code: Code,
    by: By,
    outcome: Annotated[
        str,
        typer.Option(
            "--outcome",
            help="How it ended: well, advised, emergency, arranged, provider, not_theirs, or a "
            "sentence. Of a hold_review it begins with go or hold, of a death_reported with "
            "confirmed or alive, of a wrong_number with wrong or right.",
        ),
    ],
    role: Annotated[
        StaffRole, typer.Option("--role", help="What you are: only nurses close clinical items.")
    ] = StaffRole.NURSE,
) -> None:
    """Close an item, saying how it ended."""
    from outreach.pipeline.followup import close

    item = _done(lambda world: close(world, code, by, outcome, role=role))
    typer.echo(f"{item.code} is closed.")


@app.command()
def note(
    code: Code, by: By, text: Annotated[str, typer.Argument(help="What to write down.")]
) -> None:
    """Write something down with an item."""
    from outreach.pipeline.followup import note

    item = _done(lambda world: note(world, code, by, text))
    typer.echo(f"Noted with {item.code}.")


@app.command()
def attempt(
    code: Code,
    by: By,
    result: Annotated[Contact, typer.Option("--result", help="How the call went.")],
    text: Annotated[str | None, typer.Option("--note", help="A few words more.")] = None,
) -> None:
    """Record one try to speak with the patient; the item is yours from then on."""
    from outreach.pipeline.followup import attempt

    item = _done(lambda world: attempt(world, code, by, result, text))
    reached = result is Contact.REACHED
    typer.echo(f"{item.code}: reached." if reached else f"{item.code}: not reached. It stays.")


@app.command()
def assign(
    code: Code, by: By, to: Annotated[str, typer.Option("--to", help="Whose it is from now on.")]
) -> None:
    """Give an item to somebody; it counts as taken when they take it."""
    from outreach.pipeline.followup import assign

    item = _done(lambda world: assign(world, code, to, by))
    typer.echo(f"{item.code} is {item.assignee}'s.")


@app.command("hand-off")
def hand_off(
    by: By,
    from_: Annotated[str, typer.Option("--from", help="Who goes home.")],
    to: Annotated[str, typer.Option("--to", help="Who takes over.")],
) -> None:
    """Hand all that one person has to another, as at the end of a shift."""
    from outreach.pipeline.followup import hand_off

    items = _done(lambda world: hand_off(world, from_, to, by))
    for item in items:
        typer.echo(f"{item.code} {item.priority.value}: {item.kind}")
    typer.echo(f"{len(items)} handed from {from_.strip()} to {to.strip()}.")


@app.command()
def snooze(
    code: Code,
    by: By,
    until: Annotated[
        datetime,
        typer.Option(
            "--until",
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
            help="When it wakes, in the clinic's zone: 2027-03-01T14:30.",
        ),
    ],
) -> None:
    """Lay an item aside until a time; never an urgent one that nobody has taken."""
    from outreach.pipeline.followup import snooze

    item = _done(lambda world: snooze(world, code, by, until.replace(tzinfo=world.clinic.zone)))
    typer.echo(f"{item.code} rests until {until:%Y-%m-%d %H:%M}.")


@app.command()
def reopen(
    code: Code, by: By, why: Annotated[str, typer.Option("--why", help="Why, in a sentence.")]
) -> None:
    """Open an item again that was closed, or give back one that you took."""
    from outreach.pipeline.followup import reopen

    item = _done(lambda world: reopen(world, code, by, why))
    typer.echo(f"{item.code} is open again.")


def _done(work: "Callable[[World], T]") -> "T":
    from outreach.cli.opened import opened_world

    with opened_world() as world:
        try:
            return work(world)
        except IllegalTransition:
            raise BadInput("state", "This follow-up is closed already.") from None


def _item(row: "FollowUp", clinic: "Clinic") -> dict[str, Any]:
    return {
        "code": row.code,
        "priority": row.priority.value,
        "action": row.action.value,
        "kind": row.kind,
        "status": row.status.value,
        "due": _local(row.due_at, clinic),
        "created": _local(row.created_at, clinic),
        "rounds": row.level,
        "assignee": row.assignee,
        "reach_by": _local(row.reach_by, clinic),
        "reached": _local(row.reached_at, clinic),
        "snoozed_until": _local(row.snoozed_until, clinic),
        "ending": row.ending.value if row.ending else None,
        "patient": str(row.patient_id) if row.patient_id else None,
        "summary": row.summary,
    }


def _local(at: datetime | None, clinic: "Clinic") -> str | None:
    return None if at is None else at.astimezone(clinic.zone).isoformat(timespec="seconds")


def _status(item: dict[str, Any]) -> str:
    status = str(item["status"])
    if item["assignee"]:
        status += f" by {item['assignee']}" if status != "open" else f", {item['assignee']}'s"
    if item["snoozed_until"]:
        status += f", rests until {item['snoozed_until'][:16].replace('T', ' ')}"
    return status

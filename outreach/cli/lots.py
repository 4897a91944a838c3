"""``outreach lots``: who had a lot, who may have had it, and how all of them are told."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from outreach.domain.errors import BadInput

if TYPE_CHECKING:
    from outreach.pipeline.lots.tracing import Holder, Trace
    from outreach.storage.unit import Unit

app = typer.Typer(add_completion=False, no_args_is_help=True)

Lot = Annotated[
    str, typer.Argument(help="As printed; case, spaces, dashes and O for 0 make no difference.")
]
Since = Annotated[
    str | None,
    typer.Option(
        help="From which day, YYYY-MM-DD, unknown lots count. Default: the first use of the lot."
    ),
]
Until = Annotated[
    str | None, typer.Option(help="To which day, the last one included. Default: the last use.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.callback()
def _group() -> None:
    """Find who had a lot, given, logged or dispensed, and prepare a recall."""


@app.command()
def find(lot: Lot, since: Since = None, until: Until = None, json_: Json = False) -> None:
    """Everybody who has to do with a lot; then those whose lot in that time nobody knows.

    Given at the clinic, logged by patients and dispensed lots are searched. No name is shown: the
    record numbers are.
    """
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.lots.tracing import trace

    with opened_world() as world, world.db.read() as unit:
        zone = world.clinic.zone
        found = trace(unit, world, lot, *_span(since, until, zone))
        told = _told(unit, found, zone)
    if json_:
        write_line(told)
    else:
        _print(told)


@app.command()
def recall(
    lot: Lot,
    template: Annotated[str, typer.Option(help="The message, such as campaign_recall.")],
    by: Annotated[str, typer.Option(help="Who prepares it.")],
    token: Annotated[
        str | None, typer.Option(help="Any word of yours. Default: one made from the lot.")
    ] = None,
    since: Since = None,
    until: Until = None,
    known_only: Annotated[
        bool, typer.Option("--known-only", help="Leave out those whose lot is unknown.")
    ] = False,
    field: Annotated[
        list[str] | None, typer.Option(help="A word the message leaves open: key=value.")
    ] = None,
    json_: Json = False,
) -> None:
    """Freeze who is texted, and make a call for everybody who cannot be. Nothing is sent yet.

    'outreach campaign start TOKEN' sends it. Repeating this adds calls for those found since.
    """
    from outreach.cli.campaign import words_for
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.lots.recall import Recall, prepare

    with opened_world(record=True) as world:
        fields = words_for(template, field or ())
        span = _span(since, until, world.clinic.zone)
        wanted = Recall(lot, template, by, fields, token, *span, unknown_too=not known_only)
        made = prepare(world, wanted)
    if json_:
        write_line(
            {
                "token": made.token,
                "new": made.new,
                "texts": made.texts,
                "calls": made.calls,
                "deceased": made.deceased,
            }
        )
        return
    what = "Prepared" if made.new else "Prepared before"
    typer.echo(f"{what}: {made.texts} patients to text; {made.calls} calls added to the worklist.")
    if made.deceased:
        typer.echo(f"{made.deceased} more have died, and are neither texted nor called.")
    if made.texts:
        typer.echo(f"Nothing was sent. To send it: outreach campaign start {made.token} --by NAME")


def _span(
    since: str | None, until: str | None, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """The days as instants: from the first one's midnight to the last one's, in ``zone``."""
    first = None if since is None else _midnight(_day(since, "since"), zone)
    last = None
    if until is not None:
        end = _midnight(_day(until, "until") + timedelta(days=1), zone)
        last = end - timedelta(microseconds=1)
    return first, last


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(written: str, option: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput(option, f"--{option} must be a day such as 2027-03-01.") from None


def _told(unit: "Unit", found: "Trace", zone: ZoneInfo) -> dict[str, Any]:
    ids = [one.patient_id for one in (*found.affected, *found.unknown)]
    names = unit.people.identifiers_of(ids) if ids else {}
    people = unit.people.patients(ids) if ids else {}

    def about(holder: "Holder") -> dict[str, Any]:
        patient = people[holder.patient_id]
        return {
            "patient": str(holder.patient_id),
            "ids": [
                {"system": name.system, "value": name.value}
                for name in names.get(holder.patient_id, ())
            ],
            "deceased": patient.deceased,
            "uses": [
                {"source": one.source.value, "at": _iso(one.at, zone), "lot": one.lot}
                for one in holder.uses
            ],
            "unknown": [
                {"source": one.source.value, "at": _iso(one.at, zone), "certain": one.certain}
                for one in holder.gaps
            ],
        }

    return {
        "lot": found.lot,
        "since": None if found.since is None else _iso(found.since, zone),
        "until": None if found.until is None else _iso(found.until, zone),
        "affected": [about(one) for one in found.affected],
        "lot_unknown": [about(one) for one in found.unknown],
    }


def _iso(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")


def _print(told: dict[str, Any]) -> None:
    from outreach.cli.screen import screen, table

    console = screen()
    rows = [
        (_numbers(one), use["source"], use["at"][:16].replace("T", " "), use["lot"])
        for one in told["affected"]
        for use in one["uses"]
    ]
    if rows:
        table(("patient", "source", "when", "lot as written"), rows)
    else:
        console.print("Nobody is known to have had this lot.")
    if told["since"] is None:
        console.print("Give --since and --until to see whose lots in that time are unknown.")
        return
    console.print(f"Lot unknown, from {told['since'][:10]} to {told['until'][:10]}:")
    gaps = [
        (_numbers(one), gap["source"], gap["at"][:16].replace("T", " "), _certainty(gap))
        for one in told["lot_unknown"]
        for gap in one["unknown"]
    ]
    if gaps:
        table(("patient", "source", "when", ""), gaps)
    else:
        console.print("Nobody.")


def _numbers(one: dict[str, Any]) -> str:
    written: Sequence[str] = [f"{name['system']}|{name['value']}" for name in one["ids"]]
    return ", ".join(written) or one["patient"]


def _certainty(gap: dict[str, Any]) -> str:
    return "" if gap["certain"] else "not known to be taken"

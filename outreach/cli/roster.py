"""``outreach roster``: who is on when, and where nobody is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from outreach.domain.clinic import Clinic
    from outreach.domain.roster import Gap, Roster

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Who is on when.")

Days = Annotated[int, typer.Option("--days", min=1, max=366, help="How far to look ahead.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command()
def show(days: Days = 7, json_: Json = False) -> None:
    """Show who is on now and in the next days, shift by shift."""
    from outreach.cli.lines import write_line
    from outreach.cli.screen import screen, table
    from outreach.domain.roster import nurse_on, stints_around

    clinic, roster, now = _read()
    rows: list[dict[str, Any]] = [
        {
            "begins": _local(stint.begins, clinic),
            "ends": _local(stint.ends, clinic),
            "duty": stint.duty.value,
            "who": [roster.people[code].name for code in stint.who],
            "on_now": stint.begins <= now < stint.ends,
            "holiday": roster.holidays.get(stint.begins.astimezone(clinic.zone).date()),
        }
        for stint in stints_around(roster, now, now + timedelta(days=days))
    ]
    if json_:
        for row in rows:
            write_line(row)
        return
    table(
        ("from", "to", "duty", "who", ""),
        [
            (
                _short(row["begins"]),
                _short(row["ends"]),
                row["duty"],
                ", ".join(row["who"]) or "nobody",
                " ".join(filter(None, ("now" if row["on_now"] else "", row["holiday"] or ""))),
            )
            for row in rows
        ],
    )
    known = "A nurse is on" if nurse_on(roster, now) else "No nurse is on"
    screen().print(f"{known} at this moment. Coverage: {clinic.coverage.value}.")


@app.command()
def check(days: Days = 28, json_: Json = False) -> None:
    """Find the times in which nobody is on, or no nurse where one must be; exit code 1 if any."""
    from outreach.cli.lines import write_line
    from outreach.domain.roster import gaps

    clinic, roster, now = _read()
    found = gaps(roster, clinic.coverage, now, now + timedelta(days=days))
    for gap in found:
        if json_:
            write_line(_gap(gap, clinic))
        else:
            typer.echo(sentence(gap, clinic))
    if not found and not json_:
        typer.echo(f"No gap in the next {days} days ({clinic.coverage.value}).")
    for code in _idle(roster):
        typer.echo(f"{code} is on no shift.", err=True)
    if found:
        raise typer.Exit(1)


def sentence(gap: "Gap", clinic: "Clinic") -> str:
    """A gap in words, in the clinic's zone."""
    from outreach.domain.roster import GapKind

    who = "nobody" if gap.kind is GapKind.NOBODY else "no nurse"
    begins, ends = _short(_local(gap.begins, clinic)), _short(_local(gap.ends, clinic))
    return f"{begins} to {ends}: {who} is on"


def _idle(roster: "Roster") -> Iterator[str]:
    used = {code for weekly in roster.weekly for code in weekly.who}
    used |= {code for dated in roster.dated for code in dated.who}
    yield from sorted(roster.people.keys() - used)


def _gap(gap: "Gap", clinic: "Clinic") -> dict[str, Any]:
    return {
        "kind": gap.kind.value,
        "begins": _local(gap.begins, clinic),
        "ends": _local(gap.ends, clinic),
    }


def _read() -> "tuple[Clinic, Roster, datetime]":
    """The files alone: a roster is checked before there is a database."""
    from outreach.bootstrap import clinic_clock
    from outreach.clocks import SystemClock
    from outreach.configuration.clinic_file import load_clinic
    from outreach.configuration.roster_file import ROSTER, load_roster
    from outreach.settings import load_settings

    settings = load_settings()
    folder = settings.config_path()
    clinic = load_clinic(folder / "clinic.yaml")
    now = clinic_clock(settings, SystemClock()).now()
    return clinic, load_roster(folder / ROSTER, clinic), now


def _local(at: datetime, clinic: "Clinic") -> str:
    return at.astimezone(clinic.zone).isoformat(timespec="minutes")


def _short(at: str) -> str:
    return f"{datetime.fromisoformat(at):%a %Y-%m-%d %H:%M}"

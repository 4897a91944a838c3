"""``outreach consent``: what people said outside a text: at the desk, on the phone, on a form."""

from typing import TYPE_CHECKING, Annotated

import typer

from outreach.domain.consent import ConsentScope
from outreach.domain.events import ContactRole

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from outreach.domain.states import ChannelKind
    from outreach.pipeline.world import World

app = typer.Typer(add_completion=False, no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="A phone number or a mailbox.")]
By = Annotated[str, typer.Option("--by", help="Who heard it, and records it.")]


@app.callback()
def _group() -> None:
    """Record and show who allowed what; nothing in this ledger is ever changed."""


@app.command("opt-in")
def opt_in(
    address: Address,
    by: By,
    scope: Annotated[
        ConsentScope,
        typer.Option(help="What they want: care, education, campaign, or all of these."),
    ] = ConsentScope.CAMPAIGN,
) -> None:
    """Record that somebody wants messages. It also undoes an earlier STOP for that scope."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline.consent import record_opt_in

    with opened_world() as world:
        channel, normal = _where(world, address)
        record_opt_in(world, channel, normal, scope, source="staff", actor=by)
    typer.echo(f"Recorded: {scope.value} messages may go there.")


@app.command()
def authorise(
    address: Address,
    by: By,
    words: Annotated[
        str, typer.Option(help="What was signed: its text, or where the form is kept.")
    ],
    ends: Annotated[
        str | None, typer.Option(help="The last day it is valid, such as 2027-12-31.")
    ] = None,
) -> None:
    """Record a signed authorisation for marketing (45 CFR 164.508(a)(3)).

    Nothing else permits marketing, and it permits nothing else.
    """
    from outreach.cli.opened import opened_world
    from outreach.pipeline.consent import record_authorisation

    with opened_world() as world:
        channel, normal = _where(world, address)
        until = None if ends is None else _end_of_day(ends, world.clinic.zone)
        record_authorisation(world, channel, normal, actor=by, words=words, ends_at=until)
    typer.echo("Recorded: marketing may go there" + (f" until {ends}." if ends else "."))


@app.command("opt-out")
def opt_out(address: Address, by: By) -> None:
    """Record that somebody wants no more messages there. It holds from this moment."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline.consent import record_opt_out

    with opened_world() as world:
        channel, normal = _where(world, address)
        record_opt_out(world, channel, normal, source="staff", actor=by)
    typer.echo("Recorded: nothing more goes there.")


Patient = Annotated[str, typer.Argument(help="system|value, a record number, a phone or an id.")]
Whose = Annotated[
    ContactRole | None,
    typer.Option("--role", help="Whose it is, where the address is new: parent, guardian ..."),
]


@app.command()
def permit(patient: Patient, address: Address, by: By, role: Whose = None) -> None:
    """Record that an adult patient permits somebody else to be written to (45 CFR 164.510(b))."""
    from outreach.cli.explain.search import find_patient
    from outreach.cli.opened import opened_world
    from outreach.pipeline.people import permit as people

    with opened_world() as world:
        with world.db.read() as unit:
            found = find_patient(unit, patient, world.clinic.region)
        channel, normal = _where(world, address)
        people.permit(world, found.id, channel, normal, by=by, role=role)
    typer.echo("Recorded: messages about this patient may go there.")


@app.command()
def withdraw(patient: Patient, address: Address, by: By) -> None:
    """Record that somebody else must not be written to about a patient, whatever the age."""
    from outreach.cli.explain.search import find_patient
    from outreach.cli.opened import opened_world
    from outreach.pipeline.people import permit as people

    with opened_world() as world:
        with world.db.read() as unit:
            found = find_patient(unit, patient, world.clinic.region)
        channel, normal = _where(world, address)
        people.withdraw(world, found.id, channel, normal, by=by)
    typer.echo("Recorded: nothing about this patient goes there.")


@app.command()
def show(address: Address) -> None:
    """Show every line of the ledger for an address, oldest first."""
    from outreach.cli.opened import opened_world
    from outreach.cli.screen import table
    from outreach.storage.repositories.people import address_index

    with opened_world() as world, world.db.read() as unit:
        channel, normal = _where(world, address)
        lines = unit.people.consent_history([address_index(channel, normal)])
        rows = [
            (
                line.recorded_at.astimezone(world.clinic.zone).strftime("%Y-%m-%d %H:%M"),
                line.action.value,
                line.scope.value,
                line.source,
                line.actor,
                line.words or "",
                line.ends_at.astimezone(world.clinic.zone).strftime("%Y-%m-%d %H:%M")
                if line.ends_at
                else "",
            )
            for line in lines
        ]
    if not rows:
        typer.echo("Nothing is recorded for this address.")
        return
    table(("when", "what", "for", "source", "by", "their words", "ends"), rows)


def _end_of_day(text: str, zone: "ZoneInfo") -> "datetime":
    """The instant at which a day has ended in a zone."""
    from datetime import UTC, date, datetime, time, timedelta

    try:
        day = date.fromisoformat(text)
    except ValueError:
        told = f"{text!r} is not a date such as 2027-12-31"
        raise typer.BadParameter(told, param_hint="--ends") from None
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _where(world: "World", address: str) -> "tuple[ChannelKind, str]":
    from outreach.domain.states import ChannelKind
    from outreach.pipeline.consent import e164

    if "@" in address:
        return ChannelKind.EMAIL, address.strip()
    return ChannelKind.SMS, e164(address, world)

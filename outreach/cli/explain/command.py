"""The command itself: who is meant, and the story on the screen or as JSON."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from outreach.cli.explain.story import Entry
    from outreach.pipeline.world import World
    from outreach.storage.models import Patient
    from outreach.storage.unit import Unit


def explain(
    patient: Annotated[
        str,
        typer.Argument(help="system|value, a record number, a phone number, a mailbox or an id."),
    ],
    texts: Annotated[
        bool, typer.Option("--texts", help="Also what was written, both ways.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell what was or was not sent to one patient, when, and why, in the order of time.

    Times are local to the site, or to the patient where no site is concerned.
    """
    from outreach.cli.explain.search import find_patient
    from outreach.cli.explain.story import tell
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world

    with opened_world() as world, world.db.read() as unit:
        found = find_patient(unit, patient, world.clinic.region)
        about, story = _about(unit, world, found), tell(unit, world, found)
    if json_:
        write_line({"patient": about, "story": [_as_object(entry, texts) for entry in story]})
    else:
        _print(about, story, texts)


def _about(unit: "Unit", world: "World", patient: "Patient") -> dict[str, Any]:
    """Record numbers and state; no name: who asks knows whom they asked for."""
    from outreach.cli.explain.people import who_is_reached

    reached = who_is_reached(unit, world, patient)
    names = unit.people.identifiers_of([patient.id]).get(patient.id, [])
    return {
        "id": str(patient.id),
        "ids": [{"system": name.system, "value": name.value} for name in names],
        "language": patient.language,
        "channels": [one["channel"] for one in reached if one["used"]],
        "contacts": reached,
        "deceased": patient.deceased,
        "paused": patient.paused,
        "active": patient.active,
    }


def _as_object(entry: "Entry", texts: bool) -> dict[str, Any]:
    told = {
        "at": entry.at.astimezone(entry.zone).isoformat(),
        "kind": entry.kind,
        "sentence": entry.sentence,
        **entry.facts,
    }
    return {**told, "text": entry.text} if texts else told


def _print(about: dict[str, Any], story: list["Entry"], texts: bool) -> None:
    from rich.markup import escape

    from outreach.cli.screen import screen

    console = screen()
    numbers = ", ".join(f"{one['system']}|{one['value']}" for one in about["ids"])
    console.print(f"Patient {escape(numbers)} ({about['id']})", style="bold")
    states = [word for word in ("deceased", "paused") if about[word]]
    states += [] if about["active"] else ["no longer in care"]
    ways = ", ".join(about["channels"]) or "no working phone or mailbox"
    console.print("; ".join([f"reached by {ways}", f"reads {about['language']}", *states]))
    for one in about["contacts"]:
        console.print(escape(one["sentence"]))
    for entry in story:
        when = entry.at.astimezone(entry.zone).strftime("%a %d %b %Y %H:%M %Z")
        console.print(f"{when}  {escape(entry.sentence)}")
        if texts and entry.text:
            console.print(f"    {escape(entry.text)}", style="dim")
    if not story:
        console.print("Nothing was planned, sent or received.")

"""``outreach doses``: how a patient keeps home doses, for whoever looks after them."""

from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from uuid import UUID

    from outreach.domain.home_doses import Adherence, HomeDose, Repeat
    from outreach.pipeline.facts.dose_history import DoseHistory
    from outreach.pipeline.world import World
    from outreach.storage.models import Patient
    from outreach.storage.unit import Unit

app = typer.Typer(add_completion=False, no_args_is_help=True)
_SPANS = (30, 90)
_SHARES = ("on_time", "late", "promised", "skipped", "unanswered")


@app.callback()
def _group() -> None:
    """Show what patients told of their home doses."""


@app.command()
def show(
    patient: Annotated[
        str,
        typer.Argument(help="system|value, a record number, a phone number, a mailbox or an id."),
    ],
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """The home doses of the last 90 days: how they were kept, where they went, their lots.

    Times are those where the patient lives. What the words mean is in docs/operations.md.
    """
    from outreach.cli.explain.search import find_patient
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.facts import dose_history

    with opened_world() as world, world.db.read() as unit:
        found = find_patient(unit, patient, world.clinic.region)
        history = dose_history.of_patient(unit, world, found)
        told = _told(unit, world, found, history)
    if json_:
        write_line(told)
    else:
        _print(told)


def _told(
    unit: "Unit", world: "World", patient: "Patient", history: "DoseHistory"
) -> dict[str, Any]:
    from outreach.domain.home_doses import repeats

    names = unit.people.identifiers_of([patient.id]).get(patient.id, [])
    rest = world.clinic.home_doses.rest_days
    return {
        "patient": {
            "id": str(patient.id),
            "ids": [{"system": name.system, "value": name.value} for name in names],
        },
        "regimens": [
            _regimen(world, history, row.id, row.status.value)
            for row in unit.visits.regimens_of(patient.id)
        ],
        "sites": {
            "rest_days": rest,
            "repeats": [
                _repeat(one, history.zone) for one in repeats(history.all, rest, history.zone)
            ],
        },
        "doses": [_dose(world, dose, history.zone) for dose in history.all],
    }


def _regimen(world: "World", history: "DoseHistory", name: "UUID", status: str) -> dict[str, Any]:
    from outreach.domain.home_doses import adherence

    doses, now = history.by_regimen.get(name, ()), world.clinic_now()
    spans = [adherence(doses, now, days, history.zone) for days in _SPANS]
    return {
        "id": str(name),
        "status": status,
        "adherence": {str(one.days): _adherence(one) for one in spans},
    }


def _adherence(one: "Adherence") -> dict[str, Any]:
    shares = {name: getattr(one, name) for name in _SHARES}
    return {"due": one.due, **shares, "taken_share": one.taken_share}


def _repeat(one: "Repeat", zone: ZoneInfo) -> dict[str, Any]:
    return {"at": one.at.astimezone(zone).isoformat(), "area": one.area, "after_days": one.days}


def _dose(world: "World", dose: "HomeDose", zone: ZoneInfo) -> dict[str, Any]:
    from outreach.domain.home_doses import kept, taken_at

    taken, report = taken_at(dose, zone), dose.report
    said = {} if report is None else report.as_json()
    said.pop("answer", None)
    return {
        "due": dose.due_at.astimezone(zone).isoformat(),
        "kept": kept(dose, world.clinic_now(), zone).value,
        "taken": None if taken is None else taken.astimezone(zone).isoformat(timespec="minutes"),
        **said,
    }


def _print(told: dict[str, Any]) -> None:
    from outreach.cli.screen import screen, table

    if not told["regimens"]:
        screen().print("This patient has no home doses.")
        return
    titles = ("days", "due", *(name.replace("_", " ") for name in _SHARES), "taken")
    for regimen in told["regimens"]:
        screen().print(f"Schedule {regimen['id']} ({regimen['status']})")
        rows = []
        for days, counts in regimen["adherence"].items():
            share = counts["taken_share"]
            taken = "-" if share is None else f"{share:.0%}"
            numbers = [str(counts[name]) for name in ("due", *_SHARES)]
            rows.append((days, *numbers, taken))
        table(titles, rows)
    shown = [
        (
            dose["due"][:16].replace("T", " "),
            dose["kept"].replace("_", " "),
            "" if "volume_ml" not in dose else f"{dose['volume_ml']} ml",
            str(dose.get("sites", "")),
            ", ".join([*dose.get("areas", ()), *dose.get("odd_areas", ())]),
            ", ".join(dose.get("lots", ())),
        )
        for dose in told["doses"]
    ]
    table(("due", "kept", "volume", "sites", "places", "lots"), shown)
    for one in told["sites"]["repeats"]:
        screen().print(
            f"{one['at'][:10]}: {one['area']} again after {one['after_days']} days "
            f"(a place rests for {told['sites']['rest_days']})"
        )

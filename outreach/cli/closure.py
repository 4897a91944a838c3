"""``outreach closure``: a site is closed on a day; who was told, who was not, who comes when."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from outreach.domain.errors import BadInput, NotFound

if TYPE_CHECKING:
    from outreach.domain.clinic import Clinic, Site
    from outreach.pipeline.closure_status import Concerned
    from outreach.storage.models import Closure, Identifier

_STATUS = "status"


def closure(
    place: Annotated[
        list[str],
        typer.Argument(
            metavar="[status] SITE DATE",
            help="The site's code, name or alias, and the day, such as 2027-03-10; after "
            "'status': how it stands.",
        ),
    ],
    by: Annotated[str | None, typer.Option("--by", help="Who closes it.")] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why, for staff alone; no text says it.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Close a site for a day: stop its reminders, and tell its booked patients, once each.

    It does not wait for the scheduling system. On the day itself patients hear from 06:00 on,
    before it in the usual hours. Who cannot be told by text becomes a call. Repeating it changes
    nothing. 'outreach closure status SITE DATE' says who was told, who was not reached, and who
    has a new visit.
    """
    asks = place[0] == _STATUS and len(place) == 3
    words = place[1:] if asks else place
    if len(words) != 2:
        raise typer.BadParameter("give a site and a day", param_hint="SITE DATE")
    if asks:
        _show(words[0], words[1], json_)
    elif by is None or not by.strip():
        raise typer.BadParameter("say who closes it", param_hint="--by")
    else:
        _record(words[0], words[1], by.strip(), reason, json_)


def _record(place: str, day_text: str, by: str, reason: str | None, json_: bool) -> None:
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.closure import record

    day = _day(day_text)
    with opened_world(record=True) as world:
        site = _site(world.clinic, place)
        done = record(world, site, day, by, reason)
    told = {"stopped": done.stopped, "patients": done.patients, "calls": done.calls}
    if json_:
        write_line({"site": site.code, "date": day.isoformat(), "new": done.new, **told})
        return
    see = f"Watch: outreach closure status {site.code} {day.isoformat()}"
    if not done.new:
        typer.echo(f"{site.name} was closed for that day before; nothing new. {see}")
        return
    typer.echo(
        f"{site.name} is closed on {day.isoformat()}. Reminders stopped: {done.stopped}. "
        f"Patients to tell by text: {done.patients}. Calls for staff so far: {done.calls}. {see}"
    )


def _show(place: str, day_text: str, json_: bool) -> None:
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.cli.screen import screen, table
    from outreach.pipeline.closure_status import status

    day = _day(day_text)
    with opened_world() as world, world.db.read() as unit:
        site = _site(world.clinic, place)
        recorded, found = status(unit, world, site, day)
        names = unit.people.identifiers_of({one.patient_id for one in found})
        items = [_item(one, names, site) for one in found]
    if json_:
        write_line(_about(recorded, site, items))
        for item in items:
            write_line(item)
        return
    at = recorded.recorded_at.astimezone(site.zone).strftime("%Y-%m-%d %H:%M")
    screen().print(f"{site.name}, closed on {day.isoformat()}, recorded {at} by", end=" ")
    screen().print(recorded.recorded_by, markup=False)
    if not items:
        screen().print("No visit was booked there that day.")
        return
    table(
        ("visit", "patient", "outcome", "told", "call", "new visit", "why"),
        [_cells(item) for item in items],
    )


def _about(recorded: "Closure", site: "Site", items: list[dict[str, Any]]) -> dict[str, Any]:
    outcomes = [item["outcome"] for item in items]
    return {
        "site": site.code,
        "date": recorded.day.isoformat(),
        "by": recorded.recorded_by,
        "reason": recorded.reason,
        "at": recorded.recorded_at.astimezone(site.zone).isoformat(timespec="seconds"),
        "visits": len(items),
        "outcomes": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        "rebooked": sum(item["rebooked"] is not None for item in items),
    }


def _item(one: "Concerned", names: "dict[UUID, list[Identifier]]", site: "Site") -> dict[str, Any]:
    def local(at: Any) -> str | None:
        return None if at is None else at.astimezone(site.zone).isoformat(timespec="minutes")

    return {
        "patient": str(one.patient_id),
        "ids": [{"system": name.system, "value": name.value} for name in names[one.patient_id]],
        "visit": str(one.visit_id),
        "at": local(one.start),
        "outcome": one.outcome,
        "told_at": local(one.told_at),
        "call": one.call,
        "called": one.called,
        "rebooked": local(one.rebooked),
        "why": one.why,
    }


def _cells(item: dict[str, Any]) -> tuple[str, ...]:
    def short(at: str | None) -> str:
        return "" if at is None else at[:16].replace("T", " ")

    named = item["ids"][0] if item["ids"] else {"system": "", "value": item["patient"]}
    return (
        short(item["at"]),
        f"{named['system']}|{named['value']}".lstrip("|"),
        item["outcome"].replace("_", " "),
        short(item["told_at"]),
        (item["call"] or "") + (" done" if item["called"] else ""),
        short(item["rebooked"]),
        item["why"],
    )


def _site(clinic: "Clinic", text: str) -> "Site":
    site = clinic.site_named(text) if text.strip() else None
    if site is None:
        known = ", ".join(site.code for site in clinic.sites)
        raise NotFound(f"clinic.yaml has no site named {text!r}, only {known}.")
    return site


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("date", f"{text!r} is not a day. Write it as 2027-03-10.") from None

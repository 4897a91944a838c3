"""Campaigns of a scenario, which need not know the names of this clinic's messages."""

from typing import Any
from uuid import UUID

from outreach.domain.errors import BadInput
from outreach.domain.states import Purpose
from outreach.pipeline import campaign
from outreach.pipeline.world import World
from outreach.simulation.scenario import Line, instant
from outreach.simulation.wording import Note

_STAND_IN = "campaign_hours"
_ITS_FIELDS = {"when": "Monday", "hours": "9 to 5"}


def launch(world: World, line: Line, note: Note) -> None:
    """Launches a campaign at once, or at its ``start_at``.

    Without a ``template`` of this clinic a message of ours stands in: what a scenario asks is who
    gets it and when, and no text goes that nobody has approved.

    Raises:
        BadInput: its purpose, its time or a patient it names does not exist.
    """
    details = line.details
    audience = details.get("audience", details.get("patients"))
    wanted = audience if isinstance(audience, dict) else {}
    people = wanted.get("patients", audience if isinstance(audience, list) else None)
    template, fields = _message(world, line, note)
    start = details.get("start_at", details.get("send_at"))
    campaign.launch(
        world,
        campaign.Launch(
            token=str(details.get("token", details.get("id", f"line-{line.number}"))),
            name=str(details.get("name", f"line {line.number}")),
            template=template,
            by="scenario",
            fields={key: str(value) for key, value in fields.items()},
            purpose=_purpose(details),
            service=details.get("service", wanted.get("service")),
            language=details.get("language", wanted.get("language")),
            start_at=None if start is None else instant(start, world.clinic.zone, line.number),
            only=None if people is None else _patients(world, people),
        ),
    )


def _purpose(details: dict[str, Any]) -> Purpose:
    try:
        return Purpose(str(details.get("purpose", "campaign")).lower())
    except ValueError:
        raise BadInput("scenario", f"{details['purpose']!r} is no purpose") from None


def _message(world: World, line: Line, note: Note) -> tuple[str, dict[str, Any]]:
    details = line.details
    fields = details.get("fields", details.get("variables", {}))
    fields = fields if isinstance(fields, dict) else {}
    for key in ("template", "message", "name"):
        name = details.get(key)
        if isinstance(name, str) and name.isidentifier() and world.renderer.languages(name):
            extra = _ITS_FIELDS if name == _STAND_IN else {}
            return name, {**extra, **fields}
    note(f"Line {line.number}: the clinic has no message of that name; {_STAND_IN!r} stands in.")
    return _STAND_IN, {**_ITS_FIELDS, **fields}


def _patients(world: World, written: list[Any]) -> frozenset[UUID]:
    wanted = {str(one.get("id", "") if isinstance(one, dict) else one) for one in written}
    with world.db.read() as unit:
        ids = {patient.id for patient in unit.campaigns.audience(None)}
        names = unit.people.identifiers_of(ids)
        found = {one: {name.value for name in names[one]} for one in ids}
    unknown = wanted - set().union(*found.values())
    if unknown:
        raise BadInput(
            "scenario", f"{len(unknown)} of the campaign's patients are not known by then"
        )
    return frozenset(one for one, values in found.items() if values & wanted)

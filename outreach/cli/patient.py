"""``outreach pause`` and ``outreach resume``: staff hold back or take up one patient's outreach."""

from typing import Annotated

import typer

Who = Annotated[str, typer.Argument(help="system|value, a record number, a phone number or an id.")]
By = Annotated[str, typer.Option("--by", help="Who decides it.")]


def pause(patient: Who, by: By) -> None:
    """Hold back all automatic messages to a patient until somebody resumes them."""
    _set(patient, by, paused=True)
    typer.echo("Paused: nothing automatic goes to this patient, except answers to what they write.")


def resume(patient: Who, by: By) -> None:
    """Take up automatic messages again, after an admission or a pause."""
    _set(patient, by, paused=False)
    typer.echo("Resumed: what is still of use goes out at its time.")


def _set(patient: str, by: str, *, paused: bool) -> None:
    from outreach.cli.explain.search import find_patient
    from outreach.cli.opened import opened_world
    from outreach.pipeline.pause import set_paused

    with opened_world() as world:
        with world.db.read() as unit:
            found = find_patient(unit, patient, world.clinic.region)
        set_paused(world, found.id, paused=paused, by=by)

"""``outreach reply``: a person of the clinic writes to a patient, and has the conversation."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.domain.errors import BadInput

if TYPE_CHECKING:
    from outreach.pipeline.replies.staff_message import Draft

app = typer.Typer(add_completion=False, no_args_is_help=True)

To = Annotated[
    str,
    typer.Argument(
        help="The code of a follow-up, or the patient: system|value, a record number, a phone "
        "or an id."
    ),
]
By = Annotated[str, typer.Option("--by", help="Who writes; replies go to them.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.callback()
def _group() -> None:
    """Write to a patient yourself: questions are suspended and automation waits meanwhile."""


@app.command()
def send(
    to: To,
    text: Annotated[str, typer.Argument(help="What to say, without the clinic's name.")],
    by: By,
    token: Annotated[
        str | None,
        typer.Option("--token", help="The same token sends once, however often it is given."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Send it in spite of the warnings that are shown.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and send nothing.")
    ] = False,
    json_: Json = False,
) -> None:
    """Write to a patient. What is wrong with the text is shown first, and whether it may go."""
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.replies import staff_message

    with opened_world() as world:
        draft = staff_message.look(world, to, text)
        if not json_:
            _show(draft)
        if dry_run:
            if json_:
                write_line(_object(draft))
            return
        refused = bool(draft.refusals)  # said below, by the one that decides
        agreed = refused or yes or not draft.warnings or (not json_ and _asked())
        if not agreed:
            raise BadInput("warned", "Nothing was sent. Say --yes to send it in spite of this.")
        said = staff_message.say(
            world, to, text, who=by, token=token or world.new_id().hex, anyway=True
        )
    if json_:
        found = {"id": str(said.message_id), "duplicate": said.duplicate, **_object(draft)}
        write_line(found)
    elif said.duplicate:
        typer.echo("This token was sent before: nothing was sent again.")
    else:
        typer.echo(f"On its way. Replies go to {by} until you release the conversation.")


@app.command()
def release(to: To, by: By, json_: Json = False) -> None:
    """Give a conversation back: the questions are open again, and automation goes on."""
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.replies import staff_message, takeover

    with opened_world() as world:
        with world.db.read() as unit:
            patient = staff_message.addressee(unit, world, to).patient
        done = takeover.release(world, patient.id, by)
    if json_:
        write_line({"patient": str(patient.id), "released": done})
    else:
        typer.echo("Released: the questions asked before are open again.")


def _asked() -> bool:
    """A person at a terminal may say yes; a script must have said so."""
    return sys.stdin.isatty() and typer.confirm("Send it all the same?")


def _show(draft: "Draft") -> None:
    size = draft.measured
    if size.segments:
        plural = "" if size.segments == 1 else "s"
        typer.echo(f"A text of {size.segments} segment{plural} ({size.encoding}):")
    else:
        typer.echo("An email:")
    typer.echo(f"  {size.text.strip()}")
    for refusal in draft.refusals:
        typer.echo(f"REFUSED: {refusal}", err=True)
    for warning in draft.warnings:
        typer.echo(f"Warning: {warning}", err=True)


def _object(draft: "Draft") -> dict[str, Any]:
    return {
        "patient": str(draft.patient_id),
        "channel": draft.channel.value,
        "purpose": draft.purpose.value,
        "text": draft.measured.text,
        "encoding": draft.measured.encoding or None,
        "segments": draft.measured.segments,
        "decision": draft.decision.verdict.value,
        "why": draft.decision.sentence(),
        "warnings": list(draft.warnings),
        "refusals": list(draft.refusals),
    }

"""``outreach messages``: the texts themselves, before a patient sees them."""

from pathlib import Path
from typing import Annotated

import typer

from outreach.domain.approvals import Role

app = typer.Typer(add_completion=False, no_args_is_help=True)

Language = Annotated[
    str | None, typer.Option(help="In this language alone; every language when not given.")
]


@app.callback()
def _group() -> None:
    """List, check, show and approve the message templates."""


@app.command("list")
def list_messages() -> None:
    """Name every message, with its languages."""
    from outreach.cli.screen import table
    from outreach.rendering.messages import MessageTemplates

    templates = MessageTemplates()
    rows = [
        (name, " ".join(sorted(templates.languages(name)))) for name in sorted(templates.names())
    ]
    table(("message", "languages"), rows)


@app.command()
def lint(
    clinic_name: Annotated[
        str | None, typer.Option(help="Measure with this name; clinic.yaml's when not given.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object for each fault.")] = False,
) -> None:
    """Check every message: forbidden words, keywords, length, encoding, reading grade, phone.

    Ends with 1 where a message breaks a rule.
    """
    from outreach.bootstrap import build_copy_rules
    from outreach.cli.lines import write_line
    from outreach.configuration.clinic_file import load_clinic
    from outreach.rendering.lint import Sample
    from outreach.rendering.lint import lint as find_faults
    from outreach.rendering.messages import MessageTemplates
    from outreach.settings import load_settings

    folder = load_settings().config_path()
    clinic = load_clinic(folder / "clinic.yaml")
    templates = MessageTemplates()
    sample = Sample(clinic_name or clinic.name, clinic.phone)
    faults = find_faults(templates, build_copy_rules(folder, clinic), sample)
    for fault in faults:
        if json_:
            write_line({"file": fault.file, "rule": fault.rule.value, "detail": fault.detail})
        else:
            typer.echo(str(fault))
    if faults:
        raise typer.Exit(1)
    if not json_:
        typer.echo(f"{len(templates.names())} messages keep every rule.")


@app.command()
def preview(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Messages; all if none is named."),
    ] = None,
    language: Language = None,
    json_: Annotated[
        bool, typer.Option("--json", help="One JSON object for each message and patient.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write emails into it, as HTML files.")
    ] = None,
) -> None:
    """Show messages as invented patients would get them: texts, segments, cost, approvals.

    Stores nothing and sends nothing. Costs are left out unless clinic.yaml has segment_price_usd.
    """
    from outreach.cli.message_preview import previews, show, show_json

    found = previews(names or (), language, html)
    show_json(found) if json_ else show(found)


@app.command()
def approve(
    by: Annotated[str, typer.Option("--by", help="Who has read them.")],
    role: Annotated[Role, typer.Option(help="As what: a clinician, or a translator.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="The messages that were read.")
    ] = None,
    language: Language = None,
    all_: Annotated[bool, typer.Option("--all", help="Every message to patients.")] = False,
) -> None:
    """Record that somebody has read messages as they are now, and that they may go to patients.

    A clinician approves every message; in another language than the clinic's own a translator
    does too. It is written into approvals.yaml beside clinic.yaml. An edit of a message, or of the
    layout of emails, needs a new approval.
    """
    from outreach.cli.message_approvals import record

    words = by.strip()
    if not 1 <= len(words) <= 60:
        raise typer.BadParameter("must be a name of 1 to 60 characters", param_hint="--by")
    if bool(names) == all_:
        raise typer.BadParameter("name the messages, or say --all", param_hint="NAME")
    record(names or (), language, words, role)

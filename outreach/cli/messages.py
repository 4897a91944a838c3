"""``outreach messages``: the texts themselves, before a patient sees them."""

from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _group() -> None:
    """List and check the message templates."""


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
) -> None:
    """Check every message: forbidden words, keywords, length, encoding, reading grade, phone.

    Ends with 1 where a message breaks a rule.
    """
    from outreach.configuration.clinic_file import load_clinic
    from outreach.rendering.lint import Sample
    from outreach.rendering.lint import lint as find_faults
    from outreach.rendering.messages import MessageTemplates
    from outreach.settings import load_settings

    clinic = load_clinic(load_settings().config_path() / "clinic.yaml")
    templates = MessageTemplates()
    faults = find_faults(templates, Sample(clinic_name or clinic.name, clinic.phone))
    for fault in faults:
        typer.echo(str(fault))
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{len(templates.names())} messages keep every rule.")

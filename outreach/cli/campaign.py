"""``outreach campaign``: sends that staff start."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.states import Purpose

if TYPE_CHECKING:
    from outreach.domain.clinic import Clinic
    from outreach.storage.models import Campaign

app = typer.Typer(add_completion=False, no_args_is_help=True)

Token = Annotated[str, typer.Argument(help="The token it was launched with.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.callback()
def _group() -> None:
    """Send a message to many patients, once; each is judged by consent, caps and hours."""


@app.command()
def launch(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    template: Annotated[str, typer.Option(help="The message, such as campaign_hours.")],
    token: Annotated[str, typer.Option(help="Any word of yours; the same never launches twice.")],
    by: Annotated[str, typer.Option(help="Who launches it.")],
    service: Annotated[
        str | None, typer.Option(help="Only patients with this kind of visit.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Only patients who read this.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="A word the message leaves open: key=value.")
    ] = None,
    purpose: Annotated[
        str,
        typer.Option(
            help="campaign, education or marketing; marketing needs a signed authorisation."
        ),
    ] = "campaign",
    json_: Json = False,
) -> None:
    """Freeze the audience and start sending. Repeating a token changes nothing."""
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.campaign import Launch, launch

    aim = _purpose(purpose)
    _check_purpose(template, aim)
    with opened_world(record=True) as world:
        _check_audience(world.clinic, service, language)
        fields = words_for(template, field or ())
        made = launch(
            world,
            Launch(token, name, template, by, fields, aim, service=service, language=language),
        )
    if json_:
        write_line({"id": str(made.id), "token": token, "audience": made.audience, "new": made.new})
    elif made.new:
        typer.echo(
            f"Launched for {made.audience} patients. Watch: outreach campaign status {token}"
        )
    else:
        typer.echo(f"This token was launched before, for {made.audience} patients; nothing new.")


@app.command()
def start(
    token: Token, by: Annotated[str, typer.Option(help="Who starts it.")], json_: Json = False
) -> None:
    """Start a campaign that was prepared, to the audience that was frozen then."""
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.campaign import start

    with opened_world(record=True) as world:
        made = start(world, token, by)
    if json_:
        write_line({"id": str(made.id), "token": token, "audience": made.audience, "new": made.new})
    elif made.new:
        typer.echo(f"Started for {made.audience} patients. Watch: outreach campaign status {token}")
    else:
        typer.echo(f"It was started before, for {made.audience} patients; nothing new.")


@app.command()
def status(token: Token, json_: Json = False) -> None:
    """How far a campaign is, and why some were left out."""
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.cli.screen import screen, table

    with opened_world() as world, world.db.read() as unit:
        campaign = unit.campaigns.by_token(token)
        if campaign is None:
            raise NotFound(
                "No campaign was launched with this token. See 'outreach campaign list'."
            )
        told = _item(campaign, world.clinic)
        counts = dict(sorted(unit.campaigns.progress(campaign.id).items()))
        audience = sum(counts.values()) or len(campaign.audience or ())
    if json_:
        write_line({**told, "audience": audience, "progress": counts})
        return
    done = "prepared" if told["status"] == "draft" else "launched"
    screen().print(
        f"{told['name']}: {told['status']}, {done} {told['launched']} by {told['by']}, "
        f"for {audience} patients"
    )
    rows = [(*_outcome(key), str(count)) for key, count in counts.items()]
    table(("outcome", "reason", "patients"), rows)


@app.command()
def cancel(token: Token) -> None:
    """Stop what has not left yet."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline.campaign import cancel

    with opened_world() as world:
        ended = cancel(world, token)
    typer.echo(f"Cancelled; {ended} messages will not leave.")


@app.command("list")
def list_(json_: Json = False) -> None:
    """All campaigns, the newest first."""
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.cli.screen import table

    with opened_world() as world, world.db.read() as unit:
        items = [_item(row, world.clinic) for row in unit.campaigns.everything()]
    if json_:
        for item in items:
            write_line(item)
        return
    titles = ("token", "name", "template", "status", "launched", "by")
    table(titles, [tuple(item[title] for title in titles) for item in items])


def _purpose(word: str) -> Purpose:
    try:
        return Purpose(word)
    except ValueError:
        told = f"{word!r} is not campaign, education or marketing"
        raise typer.BadParameter(told, param_hint="--purpose") from None


def _check_purpose(template: str, aim: Purpose) -> None:
    """What speaks for a product needs a signed authorisation, whatever the launch calls it."""
    from outreach.rendering.messages import MessageTemplates

    if MessageTemplates().purpose(template) is Purpose.MARKETING and aim is not Purpose.MARKETING:
        told = f"'{template}' is marketing; say --purpose marketing"
        raise typer.BadParameter(told, param_hint="--purpose")


def _check_audience(clinic: "Clinic", service: str | None, language: str | None) -> None:
    """Refuses a misspelt filter, which would quietly send to nobody."""
    kinds = sorted(set(clinic.services.values()))
    if service is not None and service not in kinds:
        raise BadInput("service", f"No kind of visit is named {service!r}: {', '.join(kinds)}.")
    if language is not None and language not in clinic.languages:
        known = ", ".join(clinic.languages)
        raise BadInput("language", f"This clinic does not write {language!r}, only {known}.")


def words_for(template: str, pairs: Sequence[str]) -> dict[str, str]:
    """The words for a message, checked against what it leaves open."""
    from outreach.rendering.messages import MessageTemplates

    given: dict[str, str] = {}
    for pair in pairs:
        key, found, value = pair.partition("=")
        if not found or not key.strip():
            raise typer.BadParameter(f"{pair!r} is not key=value", param_hint="--field")
        given[key.strip()] = value.strip()
    messages = MessageTemplates()
    if not messages.languages(template):
        known = ", ".join(name for name in messages.names() if name.startswith("campaign_"))
        raise NotFound(f"There is no message named {template!r}. For campaigns: {known}.")
    wanted = messages.campaign_fields(template)
    for key in sorted(wanted - given.keys()):
        raise BadInput("field", f"The message leaves {key!r} open: give --field {key}=...")
    for key in sorted(given.keys() - wanted):
        raise BadInput("field", f"The message has no place for {key!r}.")
    return given


def _item(row: "Campaign", clinic: "Clinic") -> dict[str, Any]:
    return {
        "token": row.token,
        "name": row.name,
        "template": row.template,
        "status": row.status.value,
        "launched": row.launched_at.astimezone(clinic.zone).isoformat(timespec="minutes"),
        "by": row.launched_by,
    }


def _outcome(key: str) -> tuple[str, str]:
    status, _, reason = key.partition(":")
    return status, reason.replace("_", " ")

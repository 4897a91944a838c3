"""``outreach journeys``: care paths are shown and checked, and an edit is seen before it counts."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from outreach.domain.journeys import Journey, Step
    from outreach.pipeline.planning.replan import Change
    from outreach.pipeline.world import World

app = typer.Typer(add_completion=False, no_args_is_help=True)

Config = Annotated[
    Path | None, typer.Option("--config", help="Another folder like config/; the installed one.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.callback()
def _group() -> None:
    """Show and check journeys; see what an edit changes for patients, and apply it."""


@app.command()
def lint(config: Config = None) -> None:
    """Check every journey file, and that each message exists by every channel and language.

    A message must be for what its journey is for: what its purpose.txt says.
    Ends with 1 where something is wrong.
    """
    from outreach.rendering.messages import MessageTemplates
    from outreach.rendering.purposes import mismatches

    journeys, languages = _journeys(config)
    templates = MessageTemplates()
    faults = [*_faults(journeys, templates, languages), *mismatches(journeys, templates)]
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{len(journeys)} journeys keep every rule.")


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="One journey; all when not given.")] = None,
    config: Config = None,
    json_: Json = False,
) -> None:
    """Draw the timeline: when each step goes, what it says, and to whom."""
    from outreach.cli.lines import write_line
    from outreach.cli.screen import screen, table

    journeys, _ = _journeys(config)
    chosen = [journey for journey in journeys if name in {None, journey.name}]
    if not chosen:
        known = ", ".join(journey.name for journey in journeys)
        raise typer.BadParameter(f"there is none of that name; there are {known}")
    for journey in chosen:
        rows = [_told(step) for step in journey.steps]
        rows += [_told(step) | {"when": kind.value} for kind, step in journey.notices.items()]
        if json_:
            for row in rows:
                write_line({"journey": journey.name, "anchor": journey.anchor.value, **row})
            continue
        screen().print(f"{journey.title} ({journey.name}, from {journey.anchor.value})")
        titles = ("step", "when", "message", "for", "asks", "useful")
        table(titles, [tuple(str(row[title]) for title in titles) for row in rows])


@app.command()
def diff(config: Config = None, json_: Json = False) -> None:
    """Say what the edited journeys would change for real patients. Nothing is changed."""
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.planning.replan import changes

    with opened_world() as world:
        found = changes(_edited(world, config))
        if json_:
            for change in found:
                write_line(_as_object(change))
            return
        _summarise(Counter((row.journey, row.step, row.kind.value) for row in found))


@app.command()
def apply(
    by: Annotated[str, typer.Option(help="Who applies it; kept with the version.")],
    json_: Json = False,
) -> None:
    """Bring what is planned into line with the journeys of this installation.

    What has left or ended stays as it is. Restart the workers first, so that they plan with the
    edited journeys too. Running it again changes nothing more.
    """
    from outreach.cli.lines import write_line
    from outreach.cli.opened import opened_world
    from outreach.pipeline.planning import replan

    with opened_world(record=True) as world:
        counts = replan.apply(world, by)
    told = {kind.value: count for kind, count in counts.items()}
    if json_:
        write_line(told)
        return
    typer.echo(", ".join(f"{kind}: {count}" for kind, count in told.items()))


def _journeys(config: Path | None) -> tuple[tuple["Journey", ...], tuple[str, ...]]:
    from outreach.configuration.clinic_file import load_clinic
    from outreach.configuration.journey_files import load_journeys
    from outreach.configuration.survey_files import load_surveys
    from outreach.rendering.messages import MessageTemplates
    from outreach.settings import load_settings

    folder = config or load_settings().config_path()
    clinic = load_clinic(folder / "clinic.yaml")
    names = frozenset(MessageTemplates().names())
    surveys = load_surveys(folder / "surveys", clinic, names)
    return load_journeys(folder / "journeys", clinic, names, surveys), clinic.languages


def _edited(world: "World", config: Path | None) -> "World":
    return world if config is None else replace(world, journeys=_journeys(config)[0])


def _faults(
    journeys: tuple["Journey", ...], templates: Any, languages: tuple[str, ...]
) -> list[str]:
    found = []
    for journey in journeys:
        for step in (*journey.steps, *journey.notices.values()):
            for message in filter(None, (step.message, step.first_message)):
                missing = [
                    f"{language} by {channel.value}"
                    for channel in step.channels
                    for language in languages
                    if not templates.offers(message, language, channel)
                ]
                found += [
                    f"{journey.name}: {step.id}: message '{message}' is missing in {place}"
                    for place in missing
                ]
    return found


def _told(step: "Step") -> dict[str, Any]:
    offset = step.offset
    when = f"{offset.days:+d} d" if offset.days else f"{offset.hours:+g} h" if offset.hours else "0"
    if offset.at is not None:
        when = f"{when} at {offset.at:%H:%M}"
    return {
        "step": step.id,
        "when": when,
        "message": step.message,
        "for": " ".join(sorted(word.value for word in step.only)) or "all",
        "asks": "" if step.asks is None else step.asks.value,
        "useful": f"{step.useful_hours:g} h",
    }


def _as_object(change: "Change") -> dict[str, Any]:
    return {
        "change": change.kind.value,
        "journey": change.journey,
        "step": change.step,
        "patient": str(change.patient_id),
        "anchor": change.anchor_at.isoformat(),
        "before": None if change.before is None else change.before.isoformat(),
        "after": None if change.after is None else change.after.isoformat(),
    }


def _summarise(counts: Counter[tuple[str, str, str]]) -> None:
    from outreach.cli.screen import table

    if not counts:
        typer.echo("The journeys change nothing that is planned.")
        return
    rows = [(*key, str(count)) for key, count in sorted(counts.items())]
    table(("journey", "step", "change", "touchpoints"), rows)
    typer.echo("Apply it: outreach journeys apply --by NAME")

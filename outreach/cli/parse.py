"""``outreach parse``: what files from scheduling systems say, without storing anything."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from outreach.cli import files
from outreach.cli.lines import write_line
from outreach.cli.screen import table

SOURCE = "file"
"""Scopes identifiers that name no issuer; nothing is stored under it."""


def parse(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            callback=files.existing_files,
            help="HL7 v2, FHIR JSON, native JSON or CSV; '-' is standard input.",
        ),
    ],
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="A folder like config/; holds clinic.yaml.")
    ] = None,
) -> None:
    """Show each message of files as Outreach understands it. Nothing is stored, nobody is texted.

    A message that is not understood is shown as rejected with its reason; the exit code stays 0.
    """
    found = _items(paths, config)
    if json_:
        for item in found:
            write_line(item)
    else:
        table(("file", "#", "kind", "trigger", "what", "when", "remarks"), list(map(_row, found)))


def _items(paths: Sequence[Path], config: Path | None) -> Iterator[dict[str, Any]]:
    from outreach.bootstrap import build_intake
    from outreach.clocks import SystemClock
    from outreach.configuration.clinic_file import load_clinic
    from outreach.intake.contract import describe
    from outreach.settings import load_settings

    clinic = load_clinic((config or load_settings().config_path()) / "clinic.yaml")
    intake, clock = build_intake(clinic), SystemClock()
    for path in paths:
        items = intake(files.read(path), files.content_type(path), SOURCE, clock.now())
        for index, item in enumerate(items):
            yield describe(item, str(path), index, clinic.region, clinic.zone)


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    visit, problem = item["appointment"] or {}, item["error"]
    remarks = [problem["message"]] if problem else item["warnings"]
    return (
        item["file"],
        str(item["index"]),
        item["kind"],
        item["trigger"],
        visit.get("status") or item["event"] or "",
        (visit.get("start") or "")[:16].replace("T", " "),
        "; ".join(remarks),
    )

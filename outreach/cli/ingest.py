"""``outreach ingest``: files of a scheduling system, stored and settled at once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli import files

if TYPE_CHECKING:
    from outreach.pipeline.world import World
    from outreach.storage.models import InboxEvent

_BATCH = 100


def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE|FOLDER...",
            callback=files.existing,
            help="HL7 v2, FHIR JSON, native JSON or CSV; '-' is standard input.",
        ),
    ],
    source: Annotated[
        str,
        typer.Option(help="Which system sent them: the same name for every file of one system."),
    ] = "file",
    quiet_load: Annotated[
        bool,
        typer.Option(
            "--quiet-load", help="Take the state only: nobody is texted (a go-live load)."
        ),
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object for each item.")] = False,
) -> None:
    """Store files and apply what they say: visits, patients, regimens, and what follows from them.

    A file that came before has no effect. What is not understood is kept in quarantine, is named
    here, and texts nobody; 'outreach inbox' shows it again. The exit code is 0 all the same.
    """
    from outreach.cli.opened import opened_world

    with opened_world(record=True) as world:
        chosen = _with_progress(list(files.within(paths)))
        found = [item for path in chosen for item in _ingest_one(world, path, source, quiet_load)]
    _show(found, as_json=json_)


def _with_progress(paths: list[Path]) -> Iterator[Path]:
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(
        paths, "Applying", console=console, transient=True, disable=not console.is_terminal
    )


def _ingest_one(world: "World", path: Path, source: str, quiet: bool) -> list[dict[str, Any]]:
    """Stores one file, settles all that waits, and tells what became of each of its items."""
    from outreach.pipeline import ingest as stage
    from outreach.pipeline.arrive import arrive

    arrival = arrive(
        world,
        files.read(path),
        source=source,
        content_type=files.content_type(path),
        quiet=quiet,
    )
    while stage.drain(world, limit=_BATCH):
        continue
    with world.db.read() as unit:
        row = unit.inbox.event(arrival.id)
        rows = unit.inbox.children_of(arrival.id) or ([row] if row is not None else [])
        items = [_item(path, number, found) for number, found in enumerate(rows, start=1)]
    if arrival.new:
        return items
    again = {"id": str(arrival.id), "status": "duplicate", "reason": "It came before."}
    return [{**items[0], **again, "warnings": []}]


def _item(path: Path, number: int, row: "InboxEvent") -> dict[str, Any]:
    return {
        "file": str(path),
        "item": number,
        "id": str(row.id),
        "trigger": row.trigger,
        "status": row.status.value,
        "code": row.code or None,
        "reason": row.reason or None,
        "warnings": row.warnings,
    }


def _show(found: list[dict[str, Any]], *, as_json: bool) -> None:
    from outreach.cli.lines import write_line
    from outreach.cli.screen import screen, table

    if as_json:
        for item in found:
            write_line(item)
        return
    told = [item for item in found if item["status"] != "applied" or item["warnings"]]
    if told:
        table(("file", "item", "trigger", "outcome", "why"), list(map(_row, told)))
    counts = Counter(item["status"] for item in found)
    words = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    screen().print(words or "There was no file.")
    if counts["quarantined"]:
        screen().print("Where the file is wrong, correct it and ingest it again.")
        screen().print("Where config/ was, mend that, then: outreach inbox replay ID")


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    remarks = list(dict.fromkeys([item["reason"], *item["warnings"]]))
    why = "; ".join(remark for remark in remarks if remark)
    return item["file"], str(item["item"]), item["trigger"], item["status"], why

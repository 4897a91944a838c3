"""``outreach simulate``: the ledger that a scenario leaves, from the real pipeline."""

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer


def simulate(
    file: Annotated[Path, typer.Argument(help="JSON Lines; '-' reads standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: Annotated[Path | None, typer.Option(help="A folder like config/.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="IANA zone of the clinic and of times without an offset.")
    ] = None,
) -> None:
    """Play a scenario without a network and print what would have been sent, when, and why not."""
    from outreach.logs import configure_logs
    from outreach.simulation.ledger import rows
    from outreach.simulation.run import run_scenario

    configure_logs(logging.ERROR)  # standard output is the ledger's alone
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="outreach-simulate-") as folder:
        world, used = run_scenario(text, Path(folder), config, zone, note=_note)
        for row in rows(world, used):
            typer.echo(json.dumps(row, ensure_ascii=False) if as_json else _sentence(row))
        world.db.close()


def _note(said: str) -> None:
    """Beside the ledger, not in it."""
    typer.echo(said, err=True)


def _sentence(row: dict[str, object]) -> str:
    """A row for a person to read."""
    if "followup" in row:
        return f"{row['at']}  {row['patient']}  FOLLOW-UP {row['followup']} due {row['due']}"
    reason = f" ({row['reason']})" if row["reason"] else ""
    said = f"  {row['body']}" if row["body"] else ""
    return f"{row['at']}  {row['patient']}  {row['step']}: {row['outcome']}{reason}{said}"

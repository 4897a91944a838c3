"""``outreach sms measure``: how long texts are as SMS."""

from typing import Any

import typer

from outreach.cli.lines import KEEPS_ORDER, answer_lines, text_field

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Look at texts as a carrier does."
)


@app.callback()
def _group() -> None:
    """Look at texts as a carrier does."""


@app.command(
    help='Encoding, units and segments of texts: {"text"} -> {"encoding", "units", "segments"}. '
    + KEEPS_ORDER
)
def measure() -> None:
    """Measures each line."""
    from outreach.rendering.segments import measure

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        found = measure(text_field(asked, "text"))
        return {"encoding": found.encoding, "units": found.units, "segments": found.segments}

    answer_lines(answer)

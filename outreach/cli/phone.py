"""``outreach phone check``: whether phone numbers can exist."""

from typing import Any

import typer

from outreach.cli.lines import KEEPS_ORDER, answer_lines, text_field

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look at phone numbers.")


@app.callback()
def _group() -> None:
    """Look at phone numbers."""


@app.command(
    help='Whether numbers can exist: {"number", "region": "US"} -> {"valid", "e164", "type"}. '
    + KEEPS_ORDER
)
def check() -> None:
    """Checks each line."""
    from outreach.domain.phones import check_number

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        number, region = text_field(asked, "number"), text_field(asked, "region", "US")
        found = check_number(number, region.upper())
        return {"valid": found.valid, "e164": found.e164, "type": found.type}

    answer_lines(answer)

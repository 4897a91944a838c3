"""``outreach``: the commands by name, and how every failure is said in one line.

A command's module is imported when the command is asked for; this one imports nothing heavy.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup

from outreach.cli.failures import explain_failure

COMMANDS = {
    "up": "outreach.cli.up:up",
    "demo": "outreach.cli.demo.command:demo",
    "simulate": "outreach.cli.simulate:simulate",
    "ingest": "outreach.cli.ingest:ingest",
    "inbox": "outreach.cli.inbox:app",
    "explain": "outreach.cli.explain.command:explain",
    "followups": "outreach.cli.followups:app",
    "campaign": "outreach.cli.campaign:app",
    "doctor": "outreach.cli.doctor.command:doctor",
    "keys": "outreach.cli.keys:keys",
    "db": "outreach.cli.db:app",
    "web": "outreach.cli.web:web",
    "worker": "outreach.cli.worker:worker",
    "beat": "outreach.cli.worker:beat",
    "sandbox": "outreach.cli.sandbox:sandbox",
    "parse": "outreach.cli.parse:parse",
    "triage": "outreach.cli.triage:app",
    "sms": "outreach.cli.sms:app",
    "phone": "outreach.cli.phone:app",
}
"""Name -> module and function, or module and group; in the order the help shows them."""


class _Lazy(TyperGroup):
    """Finds a command by importing its module."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # type: ignore[override]
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            found = alone
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command  # type: ignore[return-value]


app = typer.Typer(
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    help="Patient outreach for infusion clinics: the right word at the right time, and every "
    "worrying answer in front of a nurse.",
)


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an unexpected error came from.")
    ] = False,
) -> None:
    if debug:
        os.environ["OUTREACH_DEBUG"] = "1"


def run(words: Sequence[str]) -> int:
    """Runs one command line; the exit code. Every failure is one line on standard error."""
    try:
        code = app(args=list(words), prog_name="outreach", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the edge of the program: nothing may pass it
        return explain_failure(error, debug="OUTREACH_DEBUG" in os.environ)
    return code if isinstance(code, int) else 0


def main() -> None:
    """The entry point of the ``outreach`` program."""
    sys.exit(run(sys.argv[1:]))

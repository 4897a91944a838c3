"""``outreach``: the commands by name, and how every failure is said in one line.

A command's module is imported when the command is asked for; this one imports nothing heavy.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from outreach.cli.failures import explain_failure

COMMANDS = {
    "up": ("outreach.cli.up:up", "Run everything on this machine until Ctrl-C."),
    "demo": ("outreach.cli.demo.command:demo", "Play a clinic's fortnight on localhost."),
    "simulate": ("outreach.cli.simulate:simulate", "Play a scenario without a network."),
    "ingest": ("outreach.cli.ingest:ingest", "Store and apply files of a scheduling system."),
    "inbox": ("outreach.cli.inbox:app", "List what arrived; replay quarantine."),
    "explain": ("outreach.cli.explain.command:explain", "Tell one patient's story, with reasons."),
    "followups": ("outreach.cli.followups:app", "List, take, hand over and close work for staff."),
    "roster": ("outreach.cli.roster:app", "Show who is on when, and find the gaps."),
    "calls": ("outreach.cli.calls:app", "List the calls to make; note and close them."),
    "reply": ("outreach.cli.reply:app", "Write to a patient yourself; give the thread back."),
    "campaign": ("outreach.cli.campaign:app", "Send a message to many patients, once."),
    "lots": ("outreach.cli.lots:app", "Find who had a lot; prepare a recall."),
    "doses": ("outreach.cli.doses:app", "Show how a patient keeps home doses."),
    "closure": ("outreach.cli.closure:closure", "Close a site for a day, and tell its patients."),
    "consent": ("outreach.cli.consent:app", "Record and show who allowed what."),
    "pause": ("outreach.cli.patient:pause", "Hold back one patient's messages."),
    "resume": ("outreach.cli.patient:resume", "Take up a patient's messages again."),
    "journeys": ("outreach.cli.journeys:app", "Show and check journeys; see and apply an edit."),
    "messages": ("outreach.cli.messages:app", "List, check, show and approve the texts."),
    "doctor": ("outreach.cli.doctor.command:doctor", "Check this installation."),
    "keys": ("outreach.cli.keys:keys", "Print fresh encryption keys."),
    "db": ("outreach.cli.db:app", "Look after the database."),
    "web": ("outreach.cli.web:web", "Run webhooks, events and the follow-up list."),
    "mllp": ("outreach.cli.mllp:mllp", "Listen for HL7 v2 messages."),
    "worker": ("outreach.cli.worker:worker", "Run a worker node."),
    "beat": ("outreach.cli.worker:beat", "Run the clockwork that wakes the workers."),
    "sandbox": ("outreach.cli.sandbox:sandbox", "Run a carrier that texts nobody."),
    "parse": ("outreach.cli.parse:parse", "Show files as Outreach understands them."),
    "triage": ("outreach.cli.triage:app", "Say what replies mean."),
    "sms": ("outreach.cli.sms:app", "Measure texts as a carrier does."),
    "phone": ("outreach.cli.phone:app", "Check phone numbers."),
}
"""Name -> where it is (module, and function or group) and what it does, in the order of help."""


class _Lazy(TyperGroup):
    """Finds a command by importing its module; the list of all needs none of them."""

    _listing = False

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # type: ignore[override]
        if cmd_name not in COMMANDS:
            return None
        place, summary = COMMANDS[cmd_name]
        if self._listing:
            return TyperCommand(cmd_name, help=summary)
        module, _, attribute = place.partition(":")
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

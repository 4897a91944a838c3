"""``outreach triage``: what replies mean, and how well that is understood."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli.lines import KEEPS_ORDER, answer_lines, text_field
from outreach.cli.prompts import prompt_of

if TYPE_CHECKING:
    from outreach.domain.triage.engine import TriageEngine
    from outreach.domain.triage.result import Triage

app = typer.Typer(add_completion=False)

Config = Annotated[Path | None, typer.Option(help="A folder like config/; holds triage/.")]


@app.callback(
    invoke_without_command=True,
    help='What replies mean: {"text", "lang"?, "prompt"?} -> {"label", "urgent", "action", '
    '"concepts", "opt_out", "opt_in", "help", "staff", ...}. ' + KEEPS_ORDER,
)
def triage(context: typer.Context, config: Config = None) -> None:
    """Reads each line with the clinic's lexicons."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    engine = load(config)

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        language = text_field(asked, "lang") if asked.get("lang") is not None else None
        return describe(engine.triage(text_field(asked, "text"), language, prompt_of(asked)))

    answer_lines(answer)


@app.command()
def report(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """How well triage does on a labelled file: one {"text", "lang", "label", "alt_labels"} a line.

    Sensitivity and specificity for urgent replies with 95 % intervals, by language, the confusion
    of labels, and every miss by its line.
    """
    from outreach.cli.triage_report import show_report

    show_report(load(context.obj), file, as_json=json_)


def load(config: Path | None) -> "TriageEngine":
    """The engine with the lexicons of ``config``, or of this installation."""
    from outreach.configuration.triage_files import load_engine
    from outreach.settings import load_settings

    return load_engine((config or load_settings().config_path()) / "triage")


def describe(found: "Triage") -> dict[str, Any]:
    """A decision as the object that other programs read."""
    return {
        "label": found.label.value,
        "urgent": found.urgent,
        "action": found.action.value,
        "concepts": list(found.concepts),
        "opt_out": found.opt_out,
        "opt_in": found.opt_in,
        "help": found.help,
        "staff": found.staff,
        "at_er": found.at_er,
        "answer": found.answer,
        "reason": found.reason,
        "findings": [
            {
                "concept": finding.concept,
                "action": finding.action.value,
                "start": finding.start,
                "end": finding.end,
                "rule": finding.rule,
                "suppressed_by": finding.suppressed_by,
            }
            for finding in found.findings
        ],
    }

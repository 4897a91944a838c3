"""The report of ``outreach triage report``: labelled replies, read and compared. No text is shown:
a miss is named by its line.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outreach.cli.lines import text_field, write_line
from outreach.cli.prompts import prompt_of
from outreach.cli.screen import screen, table
from outreach.domain.errors import BadInput
from outreach.domain.triage.report import Figures, Labelled, Rate, Report, measure
from outreach.domain.triage.result import Label

if TYPE_CHECKING:
    from outreach.domain.triage.engine import TriageEngine


def show_report(engine: "TriageEngine", file: Path, *, as_json: bool) -> None:
    """Prints the figures of ``file``.

    Raises:
        BadInput: a line cannot be read; names it.
    """
    report = measure(_labelled(engine, file))
    if as_json:
        write_line(_as_object(report))
    else:
        _print(report)


def _labelled(engine: "TriageEngine", file: Path) -> Iterator[Labelled]:
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield _row(engine, number, json.loads(line))
        except BadInput as error:
            raise BadInput(error.code, f"{file}, line {number}: {error.message}") from None
        except ValueError:
            raise BadInput("json", f"{file}, line {number}: not a JSON object in UTF-8") from None


def _row(engine: "TriageEngine", number: int, entry: Any) -> Labelled:
    if not isinstance(entry, dict):
        raise BadInput("json", "not a JSON object")
    language = text_field(entry, "lang", "en")
    accepted = entry.get("alt_labels") or []
    if not isinstance(accepted, list):
        raise BadInput("field", "'alt_labels' must be a list")
    return Labelled(
        number=number,
        language=language,
        expected=_label(entry.get("label")),
        accepted=frozenset(map(_label, accepted)),
        got=engine.triage(text_field(entry, "text"), language, prompt_of(entry)),
    )


def _label(word: object) -> Label:
    try:
        return Label(str(word))
    except ValueError:
        raise BadInput("label", f"a label is one of {', '.join(Label)}") from None


def _as_object(report: Report) -> dict[str, Any]:
    return {
        "overall": _figures(report.overall),
        "by_language": {name: _figures(found) for name, found in report.by_language.items()},
        "confusion": [
            {"expected": expected.value, "got": got.value, "count": count}
            for (expected, got), count in sorted(report.confusion.items())
        ],
        **{
            name: [_miss(row) for row in getattr(report, name)]
            for name in ("missed_urgent", "false_urgent", "other_misses", "closed_urgent")
        },
    }


def _figures(figures: Figures) -> dict[str, Any]:
    rates = ("sensitivity", "specificity", "accuracy", "opt_outs")
    return {
        **{name: _rate(getattr(figures, name)) for name in rates},
        "false_opt_outs": figures.false_opt_outs,
    }


def _rate(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    return {"value": rate.value, "hits": rate.hits, "total": rate.total, "interval": [low, high]}


def _miss(row: Labelled) -> dict[str, Any]:
    return {
        "line": row.number,
        "language": row.language,
        "expected": row.expected.value,
        "got": row.got.label.value,
        "reason": row.got.reason,
    }


def _print(report: Report) -> None:
    groups = {"all": report.overall, **report.by_language}
    rows = [
        (name, *map(_share, (found.sensitivity, found.specificity, found.accuracy, found.opt_outs)))
        for name, found in groups.items()
    ]
    table(("", "sensitivity", "specificity", "label right", "opt-outs seen"), rows)
    table(
        ("expected", "got", "replies"),
        [(a.value, b.value, str(n)) for (a, b), n in sorted(report.confusion.items())],
    )
    misses = {
        "urgent, and no person would have read it": report.closed_urgent,
        "urgent, not seen": report.missed_urgent,
        "not urgent, called urgent": report.false_urgent,
        "another label": report.other_misses,
    }
    for title, found in misses.items():
        screen().print(f"{title}: {len(found)}", style="bold")
        if found:
            table(
                ("line", "lang", "expected", "got", "because"),
                [
                    (str(r.number), r.language, r.expected.value, r.got.label.value, r.got.reason)
                    for r in found
                ],
            )


def _share(rate: Rate) -> str:
    if rate.value is None:
        return "-"
    low, high = rate.interval
    return f"{rate.value:.3f} ({low:.3f} to {high:.3f}; {rate.hits} of {rate.total})"

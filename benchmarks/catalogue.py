"""The benchmarks by name. Each lives in a module with ``run(options) -> Report``."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from benchmarks.report import Report


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    quick: bool = False
    """A few rounds of almost nothing: shows that it runs, says nothing about speed."""
    database: str = "postgresql"
    """``postgresql`` or ``sqlite``; benchmarks without a database ignore it."""

    def count(self, full: int, quick: int) -> int:
        """How much of something: ``full``, or ``quick`` when only a glance is asked for."""
        return quick if self.quick else full

    @property
    def runs(self) -> int:
        """Rounds of which the medians are reported."""
        return 1 if self.quick else 3


BENCHMARKS = {
    "start": "the command line, from typing to answer",
    "parse": "HL7 v2 scheduling messages into events",
    "triage": "replies understood",
    "render": "texts rendered and measured",
    "plan": "scheduling events applied and planned",
    "replan": "an edited journey applied to many patients",
    "due_scan": "what is due, in a small ledger and in a large one",
    "claim": "taking messages from the queue",
    "send": "from due to recorded, against a provider that costs nothing",
    "reply": "from a patient's text to the accepted answer, while a campaign is sent",
    "lag": "from due to accepted beside a million planned, what idling costs, and memory",
    "scale": "one, two and four worker processes against a slow provider",
    "receipts": "signed status callbacks made durable",
}


def load(name: str) -> Callable[[Options], Report]:
    """The function that runs a benchmark. Imported late: one needs little of what another does."""
    return cast(Callable[[Options], Report], import_module(f"benchmarks.{name}").run)

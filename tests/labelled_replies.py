"""The labelled replies that triage is measured on.

``replies.jsonl`` grew with the lexicons. ``blind.jsonl`` was written in rounds by people who had
not yet looked at what the lexicons made of it; ``round`` says in which. Rows marked ``held`` were
never read by whoever mends the lexicons: they tell how triage does on texts it has not seen.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "domain" / "triage"


def labelled_replies() -> list[dict[str, Any]]:
    """``text``, ``lang``, ``label`` and ``alt_labels`` of every reply that was learnt from."""
    return [reply for reply in _all_replies() if not reply.get("held")]


def held_replies() -> list[dict[str, Any]]:
    """The replies that nothing was learnt from."""
    return [reply for reply in _all_replies() if reply.get("held")]


def _all_replies() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for name in ("replies.jsonl", "blind.jsonl")
        for line in (FOLDER / name).read_text("utf-8").splitlines()
    ]

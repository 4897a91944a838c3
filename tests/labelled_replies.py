"""The labelled replies that triage is measured on.

``replies.jsonl`` grew with the lexicons. ``blind.jsonl`` was written in rounds by somebody who had
not yet looked at what the lexicons made of it; ``round`` says in which.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "domain" / "triage"


def labelled_replies() -> list[dict[str, Any]]:
    """``text``, ``lang``, ``label`` and ``alt_labels`` of every reply."""
    return [
        json.loads(line)
        for name in ("replies.jsonl", "blind.jsonl")
        for line in (FOLDER / name).read_text("utf-8").splitlines()
    ]

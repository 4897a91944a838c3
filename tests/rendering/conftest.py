"""A folder of messages to write into, and the context compose would give."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

LAYOUT = """<html lang="{{ language }}"><head><style>p { color: #123456; }</style></head>
<body><h1>{{ clinic.name }}</h1>
<!-- body -->
</body></html>"""

PURPOSES = {"auto": "reply", "staff": "staff", "campaign": "campaign"}
"""What a message is for whose name begins so."""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file under the test's own folder of messages and returns its path."""

    def write_file(relative: str, text: str) -> Path:
        file = tmp_path / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        name = relative.partition("/")[0]
        purpose = tmp_path / name / "purpose.txt"
        if not name.startswith("_") and not purpose.exists():
            purpose.write_text(PURPOSES.get(name.partition("_")[0], "care"), encoding="utf-8")
        return file

    write_file("_layout/email.html", LAYOUT)
    return write_file


@pytest.fixture
def context() -> dict[str, object]:
    start = datetime(2026, 3, 3, 9, 30, tzinfo=ZoneInfo("America/Chicago"))
    end = datetime(2026, 3, 3, 13, 30, tzinfo=ZoneInfo("America/Chicago"))
    return {
        "clinic": {"name": "Birch Lane Clinic", "phone": "202-555-0142"},
        "site": {"name": "West", "phone": "202-555-0143"},
        "first": "Nadia",
        "first_visit": False,
        "visit": {"start": start, "end": end, "hours": 4, "starts": [start]},
        "dose": {"at": start},
    }

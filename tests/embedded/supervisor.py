"""A supervisor to be interrupted: ``python -m tests.embedded.supervisor DATA [exits]``.

Writes its children's process ids to ``DATA/pids.json`` and watches them. With ``exits`` one child
ends at once with exit code 3.
"""

import json
import sys
from pathlib import Path

from outreach.domain.errors import Unavailable
from outreach.embedded.children import Children, StopRequested
from tests.embedded.processes import SLEEPER, stubborn


def main(data: Path, *wishes: str) -> int:
    note = data / "grandchild"
    try:
        with Children(data, grace=0.5) as children:
            sleeper = children.start("sleeper", SLEEPER)
            parent = children.start("stubborn", stubborn(note), ready=note.exists)
            pids = {
                "sleeper": sleeper.pid,
                "stubborn": parent.pid,
                "grandchild": int(note.read_text()),
            }
            (data / "pids.new").write_text(json.dumps(pids))
            (data / "pids.new").rename(data / "pids.json")
            if "exits" in wishes:
                children.start("short", [sys.executable, "-c", "raise SystemExit(3)"])
            children.watch()
    except StopRequested as stop:
        sys.stdout.write(f"stopped by {stop}\n")
        return 0
    except Unavailable as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 2


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))

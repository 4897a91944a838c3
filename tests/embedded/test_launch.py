"""A child ends with its starter, also when the starter was too quick."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

from outreach.embedded import launch, reaper
from outreach.embedded.program import Program
from tests.embedded.processes import eventually


def test_a_child_whose_starter_is_gone_does_not_start() -> None:
    nobody = 2**22 + 1  # above the largest process id
    result = subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, str(nobody), "15", "-", "/bin/echo", "late"],
        capture_output=True,
        check=False,
    )
    started = sys.platform != "linux"  # elsewhere nobody can tell, and the reaper ends it
    assert result.returncode == (0 if started else 128 + signal.SIGTERM)
    assert result.stdout == (b"late\n" if started else b"")


def test_the_programs_own_arguments_arrive_unchanged(tmp_path: Path) -> None:
    words = ["two words", "", "-x", "ü"]
    show = "import sys; print(sys.argv[1:])"
    program = Program("echo", [sys.executable, "-c", show, *words], log=tmp_path / "log")
    assert eventually(lambda: program.exit_code == 0)
    assert program.log.read_text().strip() == str(words)


def test_root_can_give_its_rights_up(tmp_path: Path) -> None:
    """Run as an ordinary user this proves that asking for another's rights is refused."""
    tmp_path.chmod(0o755)
    program = Program("id", ["/usr/bin/id", "-u"], log=tmp_path / "log", user="nobody")
    assert eventually(lambda: program.exit_code is not None)
    if os.geteuid() == 0:
        assert program.log.read_text().strip() == str(pwd.getpwnam("nobody").pw_uid)
    else:
        assert program.exit_code != 0


def test_the_reaper_forgets_groups_that_ended() -> None:
    assert reaper.read_groups(["+10 15\n", "+11 2\n", "-10\n"]) == {11: 2}

"""A failure, said in one line: what is wrong and what to do. Tracebacks are for ``--debug``."""

import os
import sys
import traceback
from pathlib import Path

import typer

from outreach.domain.errors import OutreachError

FAILED = 1
USAGE = 2
STOPPED = 130

ClickException = typer.BadParameter.__mro__[2]
"""The base of all usage errors; Typer carries click inside and shows only its leaves."""


def explain_failure(error: Exception, *, debug: bool = False) -> int:
    """Tells a failure on standard error; the exit code that fits it."""
    if isinstance(error, OutreachError):
        say(str(error))
        return FAILED
    if isinstance(error, ClickException):
        return _usage(error)
    if isinstance(error, typer.Abort):
        say("stopped")
        return STOPPED
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; the interpreter must not try to flush into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if isinstance(error, OSError) and error.filename is not None:
        say(
            f"{error.filename}: {error.strerror}. Name a place that can be read and written; "
            "OUTREACH_DATA_DIR says where data, keys and logs are kept."
        )
        return FAILED
    return _unexpected(error, debug=debug)


def say(text: str) -> None:
    """One line on standard error, whatever line ends ``text`` has."""
    sys.stderr.write(f"outreach: {' '.join(text.split())}\n")


def _usage(error: BaseException) -> int:
    code: int = getattr(error, "exit_code", USAGE)
    message: str = error.format_message()  # type: ignore[attr-defined]
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{message}\n")
    else:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "outreach"
        say(f"{message.rstrip('.')}. See '{path} --help'.")
    return code


def _unexpected(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
        return FAILED
    log = _keep_trace(error)
    where = f"; where it came from is in {log}" if log else ""
    say(f"unexpected {type(error).__name__}{where}. Run it again with 'outreach --debug ...'.")
    return FAILED


def _keep_trace(error: BaseException) -> Path | None:
    """Files, lines and functions alone: an error's own text may hold what no log may."""
    folder = Path(os.environ.get("OUTREACH_DATA_DIR") or "var") / "logs"
    path = folder / "outreach.log"
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.writelines([f"{type(error).__name__}\n", *places])
    except OSError:
        return None
    return path

"""``approvals.yaml`` <-> approvals: read whenever it changed, added to in one step.

A person may edit the file, so what is added leaves every line that stands there as it is.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field

from outreach.configuration.clinic_file import Language, Words
from outreach.configuration.documents import StrictModel, load_document
from outreach.domain.approvals import Approval, Role
from outreach.domain.errors import ConfigurationError

APPROVALS = "approvals.yaml"
"""Its name in the configuration folder."""

HEADER = """\
# Which texts may go to real patients: who read which version, and as what. A text goes when a
# clinician has approved the very version that would be sent and, in another language than the
# clinic's own, a translator too. Pages to staff, and the sandbox, need no approval.
#
# `outreach messages preview` shows the texts and `outreach messages approve` adds entries here. An
# entry counts for the version it names: after an edit of a text, or of the layout of emails, its
# new version needs an entry of its own. To take an approval back, delete its entry.
#
# Entries of versions no longer in use do no harm. Keep them: they say who approved what was sent.
approvals:
"""


class ApprovalEntry(StrictModel):
    """One approval, as written in ``approvals.yaml``."""

    message: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    language: Language
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    role: Role
    by: Words
    day: date


class ApprovalsFile(StrictModel):
    """The whole of ``approvals.yaml``."""

    approvals: tuple[ApprovalEntry, ...] | None = None


def load_approvals(path: Path) -> tuple[Approval, ...]:
    """The approvals in a file; none where there is no file, or nothing but comments in it.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is wrong; names the line.
    """
    if _says_nothing(path):
        return ()
    written = load_document(path, ApprovalsFile)
    return tuple(
        Approval(entry.message, entry.language, entry.version, entry.role, entry.by, entry.day)
        for entry in written.approvals or ()
    )


def _says_nothing(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return True
    except (OSError, UnicodeDecodeError):
        return False  # told by whoever reads it next
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


class RecordedApprovals:
    """The approvals in a file as it is now: read again when it has changed, so that an approval
    takes effect without a restart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[tuple[int, ...], tuple[Approval, ...]] | None = None

    def now(self) -> tuple[Approval, ...]:
        """What is approved. Raises ConfigurationError when the file is wrong; names the line."""
        stamp = self._stamp()
        known = self._known
        if known is None or known[0] != stamp:
            # The stamp is older than what is read: a change in between is seen the next time.
            known = self._known = (stamp, load_approvals(self._path))
        return known[1]

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def add_approvals(path: Path, new: Sequence[Approval]) -> list[Approval]:
    """Adds approvals to a file, made when it is missing; returns those that were not there.

    One that somebody else gave in the same role for the same version is there already. The file is
    replaced as a whole, and only one process adds at a time.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is wrong (names the line), or the folder
            cannot be written.
    """
    try:
        with _alone(path.parent):
            known = load_approvals(path)
            given = {_matter(one) for one in known}
            fresh = [one for one in new if _matter(one) not in given]
            if fresh:
                _replace(path, _with_entries(path, fresh), (*known, *fresh))
            return fresh
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be written ({type(error).__name__}). Run this where the folder may be"
            " written, as its owner: in containers it is mounted to be read only."
        ) from error


def _matter(one: Approval) -> tuple[str, str, str, Role]:
    return (one.message, one.language, one.version, one.role)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder: two people may approve at once."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _with_entries(path: Path, fresh: Sequence[Approval]) -> str:
    """The text of the file with entries at its end; what stands there is kept to the letter."""
    text = HEADER
    if path.exists():
        text = path.read_bytes().decode("utf-8-sig")  # with the line ends it has
        if _says_nothing(path):
            text = f"{text.rstrip()}\napprovals:\n".lstrip()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    listed = node.value[0][1] if isinstance(node, yaml.MappingNode) and node.value else None
    indent = 2
    if isinstance(listed, yaml.SequenceNode) and listed.flow_style:
        if listed.value:
            raise ConfigurationError(
                f"{path}, line {listed.start_mark.line + 1}: cannot be added to. Write its entries"
                " one below the other, each beginning with '- message:', or delete the line."
            )
        text = text[: listed.start_mark.index].rstrip() + text[listed.end_mark.index :]
    elif isinstance(listed, yaml.SequenceNode):
        indent = listed.start_mark.column
    if text and not text.endswith("\n"):
        text += "\n"
    return text + "".join(_entry(one, " " * indent) for one in fresh)


def _entry(one: Approval, indent: str) -> str:
    """Quoted where a reader of YAML might take it for a number or for something else."""
    lines = [
        f"- message: {one.message}",
        f"  language: {json.dumps(one.language)}",
        f'  version: "{one.version}"',
        f"  role: {one.role.value}",
        f"  by: {json.dumps(one.by, ensure_ascii=False)}",
        f"  day: {one.on.isoformat()}",
    ]
    return "".join(f"{indent}{line}\n" for line in lines)


def _replace(path: Path, text: str, meant: tuple[Approval, ...]) -> None:
    """Puts ``text`` in the place of a file, whole or not at all, if it says what is ``meant``."""
    place = path.resolve()  # a link stays a link
    mode = place.stat().st_mode & 0o777 if place.exists() else 0o644
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not _says(fresh, meant):
            raise ConfigurationError(
                f"{path}: cannot be added to. Let the list under 'approvals:' be the last thing in"
                " it, each entry beginning with '- message:' on a line of its own."
            )
        fresh.chmod(mode)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)


def _says(path: Path, meant: tuple[Approval, ...]) -> bool:
    try:
        return load_approvals(path) == meant
    except ConfigurationError:
        return False

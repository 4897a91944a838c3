"""Where embedded servers may put their sockets, and whether another user could reach a path."""

import os
import stat
import tempfile
from pathlib import Path

SOCKET_PATH_LIMIT = 100
"""Bytes; the kernels allow 104 to 108, with the closing zero."""


def fits_socket(path: Path) -> bool:
    """True when a Unix socket may be bound at ``path``."""
    return len(os.fsencode(path.absolute())) < SOCKET_PATH_LIMIT


def short_directory() -> Path:
    """A new directory of ours alone whose path is short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="outreach-"))
    if fits_socket(directory / ("x" * 16)):
        return directory
    directory.rmdir()
    return Path(tempfile.mkdtemp(prefix="outreach-", dir="/tmp"))


def open_to_others(path: Path) -> bool:
    """True when any user may walk to ``path``: every directory on the way lets others through."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)

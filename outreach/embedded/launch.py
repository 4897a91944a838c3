"""Becomes another program that ends when its starter does.

Run as a script: ``launch.py PARENT_PID DEATH_SIGNAL USER PROGRAM ARGUMENT...`` (``USER`` is ``-``
for no change). A script and not a ``preexec_fn``, because Python code between fork and exec may
deadlock in a program that has threads. Imports the standard library alone: it runs under ``-S``.
"""

import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1
NO_USER = "-"


def die_with_parent(death_signal: int, parent: int) -> None:
    """On Linux: asks the kernel to send us ``death_signal`` when the thread that started us ends.

    Elsewhere this does nothing; ``reaper`` does the work there. A parent that ended before the
    kernel was asked sends nothing, so the present parent is compared with ``parent``.

    Raises:
        OSError: the kernel refused.
        SystemExit: ``parent`` has already ended.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        raise SystemExit(128 + signal.SIGTERM)


def become_user(name: str) -> None:
    """Gives up root for the rights of ``name`` alone: no group of ours is kept."""
    account = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def main(arguments: list[str]) -> None:
    """Never returns: the process becomes the program."""
    parent, death_signal, user, program, *rest = arguments
    if user != NO_USER:
        become_user(user)
    # After the change of user: the kernel forgets the death signal when credentials change.
    die_with_parent(int(death_signal), int(parent))
    try:
        os.execv(program, [program, *rest])  # noqa: S606 - no shell is the point
    except OSError as error:
        raise SystemExit(f"cannot run {program}: {error.strerror}") from error


if __name__ == "__main__":
    main(sys.argv[1:])

"""The way to the database off the event loop: blocking units of work in a few threads."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, fail_after, to_thread

from outreach.domain.errors import Unavailable

T = TypeVar("T")


class DatabaseThreads:
    """Runs blocking units of work in a few threads: no more than there are connections for them.

    Who would wait for a thread longer than ``patience`` seconds is told to come again, well within
    the 15 seconds after which Twilio hangs up.
    """

    def __init__(self, threads: int, patience: float = 8.0) -> None:
        self._limiter = CapacityLimiter(threads)
        self._patience = patience

    async def __call__(self, work: Callable[[], T]) -> T:
        """The result of ``work``. What has begun is never abandoned half-way.

        Raises:
            Unavailable: every thread is busy, or ``work`` found the database unreachable.
        """
        try:
            with fail_after(self._patience):
                return await to_thread.run_sync(work, limiter=self._limiter)
        except TimeoutError:
            raise Unavailable("The database is too busy. Try again in a moment.") from None

"""Wakes a stage from an event loop: never waits, never floods, and never loses the last call."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.1
"""Between two wake-ups; a stage that is awake takes all that waits anyway."""


class Waker:
    """Rings at once when quiet, else once more at the end of the pause."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """``wake`` may block for as long as a broker takes to answer: it has its own thread."""
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "mllp-wake")
        self._busy = self._again = False

    def __call__(self) -> None:
        """Wakes now or soon."""
        if self._busy:
            self._again = True
            return
        self._busy, self._again = True, False
        self._loop.run_in_executor(self._thread, self._wake).add_done_callback(self._rung)

    def _rung(self, call: "asyncio.Future[None]") -> None:
        if error := call.exception():  # the tick finds the work all the same
            log.warning("mllp.wake_failed", error=type(error).__name__)
        self._loop.call_later(PAUSE_SECONDS, self._rest)

    def _rest(self) -> None:
        self._busy = False
        if self._again:
            self()

    def close(self) -> None:
        """Waits for the call under way; one that still waits is left to the tick."""
        self._thread.shutdown()

"""Group commit: one thread stores what all connections have handed in since its last commit.

A commit costs a write to the disk however much it holds, so many senders share one.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self, TypeAlias

import structlog

from outreach.domain.errors import Unavailable
from outreach.pipeline.arrive import Arrival, Payload

log = structlog.get_logger(__name__)

Store: TypeAlias = Callable[[Sequence[Payload]], list[Arrival]]
Done: TypeAlias = Callable[[Arrival | None], None]
"""Hears what was stored, or None when it was not."""
_Entry: TypeAlias = tuple[Payload, Done]

MOST_ROWS = 500
MOST_BYTES = 16 * 1024 * 1024
"""What one commit takes at most; it may exceed this by one message."""


class GroupStore:
    """A context manager inside a running event loop; leaving it stores what is still queued.

    What was submitted is stored in that order, by one thread.
    """

    def __init__(self, store: Store) -> None:
        """``store`` keeps all it is given or raises ``Unavailable``, as ``arrive_many`` does."""
        self._store = store
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="mllp-store")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.put(None)
        self._thread.join()

    def submit(self, payload: Payload, done: Done) -> None:
        """Queues ``payload``; ``done`` is called in the event loop once its fate is known."""
        self._queue.put((payload, done))

    def _work(self) -> None:
        more = True
        while more:
            group, more = self._take()
            if group:
                results = self._stored([payload for payload, _ in group])
                self._tell([done for _, done in group], results)

    def _take(self) -> tuple[list[_Entry], bool]:
        """All that waits, up to the size of a group; false once the end has been seen."""
        entry = self._queue.get()
        group: list[_Entry] = []
        size = 0
        while entry is not None:
            group.append(entry)
            size += len(entry[0].raw)
            if len(group) >= MOST_ROWS or size >= MOST_BYTES:
                return group, True
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _stored(self, payloads: list[Payload]) -> list[Arrival | None]:
        try:
            return [*self._store(payloads)]
        except Unavailable as error:
            log.warning("mllp.not_stored", messages=len(payloads), why=str(error))
        except Exception as error:  # noqa: BLE001 - the one writer must outlive any message
            log.warning("mllp.store_failed", messages=len(payloads), error=type(error).__name__)
            if len(payloads) > 1:  # whatever is wrong with one must not refuse the others
                return [one for payload in payloads for one in self._stored([payload])]
        return [None] * len(payloads)

    def _tell(self, waiting: list[Done], results: list[Arrival | None]) -> None:
        def tell() -> None:
            for done, result in zip(waiting, results, strict=True):
                done(result)

        self._loop.call_soon_threadsafe(tell)

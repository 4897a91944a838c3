"""Group commit for requests: what comes while a unit is under way shares the next one.

A commit costs a write to the disk however much it holds. Nobody waits for company: who finds no
unit under way has one at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

import structlog

from outreach.domain.errors import Unavailable
from outreach.web.threads import DatabaseThreads

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 500
"""What one unit takes."""


class Grouped(Generic[Item, Result]):
    """Called with one item in a running event loop; answers once it is stored."""

    def __init__(
        self, run: DatabaseThreads, store: Callable[[Sequence[Item]], Sequence[Result]]
    ) -> None:
        """``store`` keeps all it is given, with a result for each in their order, or raises."""
        self._run = run
        self._store = store
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._work: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        """What became of ``item``.

        Raises:
            Unavailable: the database cannot be reached, or is too busy; nothing was stored.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._drain())
        return await done

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            await self._keep(group)

    async def _keep(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._run(partial(self._store, [item for item, _ in group]))
        except Exception as error:  # noqa: BLE001 - each who asked is told, whatever it is
            if len(group) > 1 and not isinstance(error, Unavailable):
                log.warning("web.group_failed", size=len(group), error=type(error).__name__)
                for one in group:  # whatever is wrong with one must not refuse the others
                    await self._keep([one])
                return
            for _, done in group:
                if not done.done():
                    done.set_exception(error)
            return
        for (_, done), result in zip(group, results, strict=True):
            if not done.done():  # whoever asked may have gone
                done.set_result(result)

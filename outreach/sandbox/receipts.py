"""The status callbacks of one message, in the order (or disorder) that is configured."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from outreach.sandbox.config import ReceiptOrder, SandboxConfig
from outreach.sandbox.courier import Courier, Form

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Receipts:
    """Each callback leaves after the one before it; a state never waits for its callback."""

    def __init__(
        self,
        config: SandboxConfig,
        order: ReceiptOrder,
        courier: Courier,
        spawn: Spawn,
        shuffle: random.Random,
    ) -> None:
        self._config = config
        self._order = order
        self._courier = courier
        self._spawn = spawn
        self._shuffle = shuffle
        self._last: asyncio.Task[None] | None = None
        self._held: list[tuple[str, Form]] = []

    def add(self, address: str, form: Form) -> None:
        """A new state; it is told at once unless the order says otherwise."""
        match self._order:
            case ReceiptOrder.SHUFFLED:
                self._held.append((address, form))
            case ReceiptOrder.LATE:
                self._follow(address, form, 1, self._config.late_seconds)
            case ReceiptOrder.REPEATED:
                self._follow(address, form, 2, 0.0)
            case ReceiptOrder.IN_ORDER:
                self._follow(address, form, 1, 0.0)
            case ReceiptOrder.NONE:
                return

    def finish(self) -> None:
        """There will be no further state: what was held back leaves, in any order."""
        self._shuffle.shuffle(self._held)
        for address, form in self._held:
            self._follow(address, form, 1, 0.0)
        self._held.clear()

    def _follow(self, address: str, form: Form, times: int, pause: float) -> None:
        before = self._last

        async def post() -> None:
            if pause:
                await asyncio.sleep(pause)
            if before is not None:
                await before
            for _ in range(times):
                await self._courier.form(address, form)

        self._last = self._spawn(post())

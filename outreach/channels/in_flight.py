"""How many requests to one provider may be under way: as many as it answers well.

The way TCP finds the capacity of a line (RFC 5681): the limit doubles with each round of good
answers until the first sign of congestion; then it is halved, and grows by one a round. A 429 is
such a sign, and so is a request that timed out. Where answers take several times as long as the
quickest did, more requests would only wait at the provider instead of here: the limit stays.
"""

import asyncio
from collections import deque
from types import TracebackType

START = 16
"""Requests of a process that knows nothing of its provider yet."""
SLOW = 4.0
"""Times the quickest answers: from here on the provider is busy."""
_QUICK = 0.25
"""Seconds: an answer within them is quick, whatever the quickest was."""
_FORGET = 0.01
"""By how much the memory of the quickest answer fades with each answer."""


class InFlight:
    """The limit of one process and provider, used within one event loop.

    Enter it for a request, then say how that went: ``answered``, ``congested``, or neither.

    Args:
        most: the limit never exceeds it.
    """

    def __init__(self, most: int) -> None:
        self.limit = float(min(START, most))
        self._most = most
        self._doubling = True
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._quickest: float | None = None
        self._begun = 0
        self._cut_at = 0
        """Requests begun before the last cut tell nothing of the limit since then."""

    async def __aenter__(self) -> int:
        """Waits for its turn; gives the number of the request."""
        if self._under_way >= int(self.limit) or self._waiting:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._under_way -= 1
                    self._let_in()
                else:
                    self._waiting.remove(turn)
                raise
        else:
            self._under_way += 1
        self._begun += 1
        return self._begun

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._under_way -= 1
        self._let_in()

    def answered(self, seconds: float) -> None:
        """The provider took a request, and answered within so many seconds."""
        quickest = seconds if self._quickest is None else self._quickest * (1 + _FORGET)
        self._quickest = min(quickest, seconds)
        if seconds > max(_QUICK, SLOW * self._quickest):
            return
        more = 1.0 if self._doubling else 1.0 / self.limit
        self.limit = min(float(self._most), self.limit + more)

    def congested(self, number: int) -> None:
        """The provider refused request ``number`` for the pace of them, or left it unanswered."""
        self._doubling = False
        if number > self._cut_at:
            self.limit = max(1.0, self.limit / 2)
            self._cut_at = self._begun

    def _let_in(self) -> None:
        while self._waiting and self._under_way < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)

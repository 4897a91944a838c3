"""A channel whose provider is spoken to one message at a time: a few threads share a batch."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from outreach.channels.sending import Sending
from outreach.pipeline.ports import Outgoing, ResultKind, SendResult

THREADS = 4


class SendingPool:
    """Threads of one process, made when first used and so after any fork."""

    def __init__(self, send_one: Callable[[Outgoing], SendResult], threads: int = THREADS) -> None:
        self._send_one = send_one
        self._threads = threads
        self._pools: dict[int, ThreadPoolExecutor] = {}

    def send(self, batch: Sequence[Outgoing]) -> Sending:
        """Begins at once. ``send_one`` returns a result for every failure it knows of."""
        sending = Sending([outgoing.message_id for outgoing in batch])
        pool = self._pool()
        for outgoing in batch:
            pool.submit(self._work, outgoing, sending)
        return sending

    def close(self) -> None:
        """Waits for the messages under way and ends this process's threads."""
        pool = self._pools.pop(os.getpid(), None)
        if pool is not None:
            pool.shutdown(wait=True)

    def _pool(self) -> ThreadPoolExecutor:
        pid = os.getpid()
        if pid not in self._pools:
            made = ThreadPoolExecutor(self._threads, thread_name_prefix="email")
            self._pools.setdefault(pid, made)
        return self._pools[pid]

    def _work(self, outgoing: Outgoing, sending: Sending) -> None:
        if not sending.may_begin(outgoing):
            sending.not_begun(outgoing)
            return
        try:
            result = self._send_one(outgoing)
        except Exception as error:  # noqa: BLE001  each message gets a result
            result = SendResult(
                outgoing.message_id, ResultKind.UNKNOWN, detail=type(error).__name__
            )
        sending.add(result)

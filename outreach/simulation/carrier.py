"""A carrier in memory: it takes everything at once and remembers it."""

from collections.abc import Sequence
from datetime import datetime

from outreach.domain.clock import Clock
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Given, Outgoing, ProviderRecord, ResultKind, SendResult


class SimulatedCarrier:
    """Implements ``pipeline.ports.Channel`` without a network."""

    capacity = 1000

    def __init__(self, kind: ChannelKind, clock: Clock) -> None:
        self.kind = kind
        self._clock = clock
        self._taken: list[ProviderRecord] = []

    def send(self, batch: Sequence[Outgoing]) -> Given:
        """Takes every message of the batch."""
        results = []
        for outgoing in batch:
            provider_id = f"SIM-{self.kind.value}-{len(self._taken) + 1}"
            self._taken.append(
                ProviderRecord(
                    provider_id, outgoing.to, outgoing.text, "sent", None, self._clock.now()
                )
            )
            results.append(
                SendResult(outgoing.message_id, ResultKind.ACCEPTED, provider_id, "queued")
            )
        return Given(results)

    def find(self, to: str, since: datetime) -> list[ProviderRecord]:
        """What it took for ``to`` since then."""
        return [row for row in self._taken if row.to == to and row.created_at >= since]

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        """None: how a message ends is told by the scenario's receipts, and by nothing else."""
        return None

"""A channel that does what a test tells it to, and remembers what it was given."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from outreach.domain.clock import Clock
from outreach.domain.errors import Unavailable
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Outgoing, ProviderRecord, ResultKind, SendResult

Answer = Callable[[Outgoing], SendResult]


@dataclass
class RecordingChannel:
    """Accepts everything unless ``answers`` holds something else for the next sends."""

    kind: ChannelKind
    clock: Clock
    sent: list[Outgoing] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    records: list[ProviderRecord] | None = field(default_factory=list)
    """What a look-up finds; None is a provider without look-ups."""
    unreachable: bool = False
    """Whether look-ups fail."""

    capacity: int = 128

    def send(self, batch: Sequence[Outgoing]) -> "Answers":
        return Answers(self, batch)

    def accept(self, outgoing: Outgoing) -> SendResult:
        provider_id = self.note(outgoing)
        return SendResult(outgoing.message_id, ResultKind.ACCEPTED, provider_id, "queued")

    def note(self, outgoing: Outgoing) -> str:
        """The provider has it, whatever it answers."""
        provider_id = f"{'SM' if self.kind is ChannelKind.SMS else 'EM'}{len(self.sent):032x}"
        if self.records is not None:
            self.records.append(
                ProviderRecord(
                    provider_id, outgoing.to, outgoing.text, "queued", None, self.clock.now()
                )
            )
        return provider_id

    def find(self, to: str, since: datetime) -> list[ProviderRecord] | None:
        if self.unreachable:
            raise Unavailable("The provider does not answer.")
        if self.records is None:
            return None
        return [row for row in self.records if row.to == to and row.created_at >= since]

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        found = [row for row in self.records or () if row.provider_id == provider_id]
        return found[0] if found else None

    def texts_to(self, address: str) -> list[str]:
        return [outgoing.text for outgoing in self.sent if outgoing.to == address]


@dataclass
class Answers:
    """What a recording channel answers, one message at a time; stops at once when cancelled."""

    channel: RecordingChannel
    batch: Sequence[Outgoing]
    cancelled: bool = False
    came: Callable[[int], object] = lambda _: None
    _turn: int = 0

    def tell(self, came: Callable[[int], object]) -> None:
        self.came = came
        if self.batch:
            came(1)

    @property
    def left(self) -> int:
        return len(self.batch) - self._turn

    def take(self) -> list[SendResult]:
        if self._turn == len(self.batch):
            return []
        outgoing = self.batch[self._turn]
        self._turn += 1
        result = self.answer(outgoing)
        if self._turn < len(self.batch):
            self.came(1)
        return [result]

    def answer(self, outgoing: Outgoing) -> SendResult:
        if self.cancelled:
            return SendResult(outgoing.message_id, ResultKind.NOT_SENT, detail="cancelled")
        self.channel.sent.append(outgoing)
        answers = self.channel.answers
        return (answers.popleft() if answers else self.channel.accept)(outgoing)

    def cancel(self) -> None:
        self.cancelled = True


def accept_then_hang(channel: RecordingChannel) -> Answer:
    """The provider takes the message; its answer never comes."""

    def answer(outgoing: Outgoing) -> SendResult:
        channel.note(outgoing)
        return SendResult(outgoing.message_id, ResultKind.UNKNOWN, detail="timeout")

    return answer


def vanish(outgoing: Outgoing) -> SendResult:
    """The request is lost and nobody knows."""
    return SendResult(outgoing.message_id, ResultKind.UNKNOWN, detail="timeout")


def refuse(code: int, http_status: int = 400) -> Answer:
    """The provider says no with a code."""

    def answer(outgoing: Outgoing) -> SendResult:
        return SendResult(
            outgoing.message_id, ResultKind.REJECTED, error_code=code, http_status=http_status
        )

    return answer


def busy(retry_after: float | None = None) -> Answer:
    """The provider refuses to look at it: 429."""

    def answer(outgoing: Outgoing) -> SendResult:
        return SendResult(
            outgoing.message_id, ResultKind.NOT_SENT, http_status=429, retry_after=retry_after
        )

    return answer

"""What the road needs from the world, as Protocols; ``bootstrap`` wires the adapters."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from outreach.domain.approvals import Role
from outreach.domain.events import ParsedItem
from outreach.domain.roster import Roster
from outreach.domain.states import ChannelKind, Urgency


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One composed message on its way to a provider."""

    message_id: UUID
    channel: ChannelKind
    to: str
    """E.164 number or email address."""
    text: str
    subject: str = ""
    html: str = ""
    validity_seconds: int | None = None
    """For how long the provider may still deliver it: what is left of the useful window."""
    purpose: str = "care"
    begin_within: float = 5.0
    """Seconds after which a request that has not begun must not begin any more: what was checked
    may have changed (an opt-out, a cancellation), and the claim may be somebody else's by then."""
    code: str = ""
    """Of a page: the code of the item it is about."""
    link: str = ""
    """Of a page: where the item is opened."""
    sender: str = ""
    """Of a text: from which number or Messaging Service; empty is the channel's own."""


class ResultKind(StrEnum):
    """What a try at the provider told us."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """The provider said no, with a code; the reaction table says what follows."""
    NOT_SENT = "not_sent"
    """It never reached the provider, or was refused unread (429): safe to retry."""
    UNKNOWN = "unknown"
    """The request left; the answer is missing or 5xx. Settled by evidence, never resent blind."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """The outcome of one attempt. ``detail`` is a class of failure, never a provider's text."""

    message_id: UUID
    kind: ResultKind
    provider_id: str | None = None
    status: str | None = None
    """The provider's own first status, for example ``queued``."""
    sender: str | None = None
    segments: int | None = None
    error_code: int | None = None
    http_status: int | None = None
    retry_after: float | None = None
    """Seconds the provider asked us to wait."""
    detail: str = ""


NOT_BEGUN = "not begun in time"
"""The detail of a NOT_SENT result for a message that waited too long for its turn."""


class Sending(Protocol):
    """A batch under way; every message of it gives exactly one result, whatever happens."""

    @property
    def left(self) -> int:
        """How many results have not been taken."""
        ...

    def take(self) -> list[SendResult]:
        """The results that have come since it was last asked; does not wait."""
        ...

    def tell(self, came: Callable[[int], object]) -> None:
        """``came`` is called with how many results have come, now and whenever more do, from any
        thread."""
        ...

    def cancel(self) -> object:
        """Begins nothing more: what had not begun is NOT_SENT, the rest UNKNOWN."""
        ...


@dataclass
class Given:
    """A sending that was over at once: results that are all there already."""

    results: list[SendResult]

    @property
    def left(self) -> int:
        """All, until they are taken."""
        return len(self.results)

    def take(self) -> list[SendResult]:
        """All of them, once."""
        taken, self.results = self.results, []
        return taken

    def tell(self, came: Callable[[int], object]) -> None:
        """All have come."""
        came(len(self.results))

    def cancel(self) -> None:
        """Nothing is under way that could be stopped."""


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """A message as the provider's own list shows it."""

    provider_id: str
    to: str
    body: str
    status: str
    error_code: int | None
    created_at: datetime


class Channel(Protocol):
    """A way to a person. Implementations hold no database session and never retry by themselves."""

    kind: ChannelKind

    @property
    def capacity(self) -> int:
        """How many messages may be claimed for it at once: at most twice what it has in flight.

        It may change with what its provider takes.
        """
        ...

    def send(self, batch: Sequence[Outgoing]) -> Sending:
        """Begins to send, concurrently. Raises nothing for a failed send."""
        ...

    def find(self, to: str, since: datetime) -> list[ProviderRecord] | None:
        """What the provider has for ``to`` created at or after ``since`` (machine time, UTC).

        None when this provider offers no look-up.

        Raises:
            outreach.domain.errors.Unavailable: the look-up failed and proves nothing.
        """
        ...

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        """One message's present state at the provider; None when it cannot tell.

        Raises:
            outreach.domain.errors.Unavailable: the look-up failed; ask again later.
        """
        ...


class Pace(Protocol):
    """How many segments may leave each sender now; one bucket for all workers. Asked before a
    claim, so that nothing that is claimed waits for its turn."""

    def take(self, rates: Mapping[str, float], want: int, lanes: Collection[Urgency]) -> list[int]:
        """How many of ``want`` each sender (name -> segments per second) may send, in their order.

        Bulk leaves a reserve. Urgent work does not ask; it is counted afterwards. Raises nothing.
        """
        ...

    def give_back(self, rates: Mapping[str, float], unused: Sequence[float]) -> None:
        """What was granted and not used, in the same order; negative where more was used."""
        ...


class Unpaced:
    """Senders without a rate: nothing is counted."""

    def take(self, rates: Mapping[str, float], want: int, lanes: Collection[Urgency]) -> list[int]:
        """All of it."""
        return [want] * len(rates)

    def give_back(self, rates: Mapping[str, float], unused: Sequence[float]) -> None:
        """Nothing was counted."""


class FetchKind(StrEnum):
    """What became of a try to fetch a file from the carrier."""

    GOT = "got"
    GONE = "gone"
    """The carrier has it no more, or will never give it to us."""
    TOO_LARGE = "too_large"
    LATER = "later"
    """It did not work this time."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The outcome of one try."""

    kind: FetchKind
    content: bytes = b""
    detail: str = ""
    """A class of failure, never an address."""


class MediaSource(Protocol):
    """The carrier's store of pictures. Holds no database session, never retries by itself."""

    def fetch(self, url: str, most_bytes: int) -> Fetched:
        """One file, of at most so many bytes. Raises nothing for what the carrier answers."""
        ...


class NoMedia:
    """No carrier: simulations and tests."""

    def fetch(self, url: str, most_bytes: int) -> Fetched:
        """Nothing is there."""
        return Fetched(FetchKind.GONE)


@dataclass(frozen=True, slots=True)
class ConsentWord:
    """One opt-out or opt-in, as the carrier is told of it."""

    word_id: UUID
    phone: str
    """E.164."""
    opted_out: bool
    said_at: datetime


class CarrierConsent(Protocol):
    """The carrier's own list of who wants no texts."""

    most: int
    """How many may be told in one call."""

    def tell(self, words: Sequence[ConsentWord]) -> Mapping[UUID, int]:
        """Tells it; the carrier's code for each that it answered for, 0 where it was taken.

        Raises:
            outreach.domain.errors.Unavailable: nothing is known to have been taken; try again.
        """
        ...


class Wake(Protocol):
    """After a commit: tells the workers that a stage has work. May fail silently by design."""

    def __call__(self, stage: str) -> None:
        """``stage`` is a module name of ``pipeline``, for example ``due``."""
        ...


class Parser(Protocol):
    """Bytes of any supported format -> its items, in order. Never raises for bad content."""

    def __call__(
        self, raw: bytes, content_type: str, source: str, received_at: datetime
    ) -> list[ParsedItem]:
        """``received_at`` stands in for the time of an event that has none (clinic time)."""
        ...


@dataclass(frozen=True, slots=True)
class WordFault:
    """One thing that is wrong with what a person is about to write to a patient."""

    rule: str
    detail: str
    refused: bool = False
    """It must not go at all; otherwise whoever writes is warned, and decides."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a person's words become, before they go."""

    text: str
    """With the clinic's name and phone around them."""
    encoding: str
    segments: int
    """Of a text; 0 for an email."""
    faults: tuple[WordFault, ...] = ()


class Wording(Protocol):
    """The copy rules, asked of a person's own words."""

    def check(
        self, words: str, language: str, channel: ChannelKind, clinic: Mapping[str, str]
    ) -> Measured:
        """``clinic``: its ``name`` and ``phone``."""
        ...


class AnyWords:
    """The wording of a world without copy rules: a simulation of the clock alone, a test."""

    def check(
        self, words: str, language: str, channel: ChannelKind, clinic: Mapping[str, str]
    ) -> Measured:
        """Nothing is wrong with them."""
        return Measured(f"{clinic['name']} {clinic['phone']}: {words}", "", 0)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in one language on one channel, ready to store."""

    text: str
    subject: str
    html: str
    version: str
    """Digest of the template files it was rendered from."""
    segments: int


class Renderer(Protocol):
    """Message templates -> text."""

    def render(
        self, name: str, language: str, channel: ChannelKind, context: Mapping[str, object]
    ) -> Rendered:
        """Renders ``templates/messages/<name>/<language>``.

        Raises:
            outreach.domain.errors.ConfigurationError: no such message or language, or a variable
                that the template uses is not in ``context``; names the file.
        """
        ...

    def languages(self, name: str) -> frozenset[str]:
        """The languages message ``name`` exists in."""
        ...

    def offers(self, name: str, language: str, channel: ChannelKind) -> bool:
        """Whether the message exists for ``channel`` in ``language``."""
        ...


class SignOff(Protocol):
    """Whose word a text still needs before it may go to patients."""

    def lacking(self, message: str, language: str, channel: ChannelKind) -> tuple[Role, ...]:
        """Nobody's for the version that is in use now, or where the channel reaches no real person.

        Raises:
            outreach.domain.errors.ConfigurationError: what was approved cannot be read; names the
                file and the line.
        """
        ...


class RosterBook(Protocol):
    """Who of the clinic's people is on when, as it stands now."""

    def now(self) -> Roster:
        """The roster in force. Raises nothing: pages must not stop for a fault in a file."""
        ...

    def fault(self) -> str | None:
        """What is wrong with the roster as it was last edited; None where nothing is."""
        ...


@dataclass(frozen=True, slots=True)
class FixedRoster:
    """A roster that does not change."""

    roster: Roster

    def now(self) -> Roster:
        """It."""
        return self.roster

    def fault(self) -> str | None:
        """Nothing is wrong with it."""
        return None


class NobodyAsked:
    """The sign-off where no text reaches a real person: the sandbox, simulations, tests."""

    def lacking(self, message: str, language: str, channel: ChannelKind) -> tuple[Role, ...]:
        """Nobody's word is needed."""
        return ()

"""All that a stage needs, in one value: the database, two clocks, the clinic's rules, the ports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.clinic import Clinic
from outreach.domain.clock import Clock
from outreach.domain.ids import new_id
from outreach.domain.journeys import Journey
from outreach.domain.policy import Policy
from outreach.domain.retries import CARRIER_ZONE
from outreach.domain.senders import Senders
from outreach.domain.states import ChannelKind
from outreach.domain.surveys import Survey
from outreach.domain.triage.engine import TriageEngine
from outreach.pipeline.ports import (
    AnyWords,
    CarrierConsent,
    Channel,
    MediaSource,
    NobodyAsked,
    NoMedia,
    Pace,
    Parser,
    Renderer,
    RosterBook,
    SignOff,
    Unpaced,
    Wake,
    Wording,
)
from outreach.storage.database import Database


@dataclass(frozen=True, slots=True)
class Tempo:
    """Machine-time settings of the sender, in seconds."""

    batch: int = 128
    """Messages claimed at once: at most twice the in-flight limit; a kill leaves few unknowns."""
    begin: float = 5.0
    """A claimed message whose request has not begun by then is checked again."""
    request: float = 20.0
    """An attempt without an answer after this long is unknown: ``begin`` and what the channel
    allows one request, together."""
    lease: float = 60.0
    """A claim older than this belongs to a dead worker. Longer than ``request``: nothing of it can
    begin or be answered any more."""
    settle: tuple[float, ...] = (60.0, 120.0)
    """Look-ups of an unknown outcome, counted from its deadline; after the last it is settled."""


@dataclass(frozen=True, slots=True)
class World:
    """Wired by ``bootstrap``; passed to every stage."""

    db: Database
    clinic_clock: Clock
    machine_clock: Clock
    clinic: Clinic
    policy: Policy
    journeys: tuple[Journey, ...]
    triage: TriageEngine
    renderer: Renderer
    channels: Mapping[ChannelKind, Channel]
    parse: Parser
    wake: Wake
    roster: RosterBook
    public_url: str
    """Where people and providers reach this program, without a slash at its end."""
    tempo: Tempo = field(default_factory=Tempo)
    sign_off: SignOff = field(default_factory=NobodyAsked)
    wording: Wording = field(default_factory=AnyWords)
    media: MediaSource = field(default_factory=NoMedia)
    carrier_consent: CarrierConsent | None = None
    """None where the carrier keeps no such list, or is not to be told."""
    surveys: Mapping[str, Survey] = field(default_factory=dict)
    senders: Senders = field(default_factory=Senders)
    """What texts can come from: one number or service, unless ``senders.yaml`` lists more."""
    carrier_zone: ZoneInfo = CARRIER_ZONE
    """Where the day of the carriers' daily caps ends."""
    pace: Pace = field(default_factory=Unpaced)

    def clinic_now(self) -> datetime:
        """Clinic time, UTC."""
        return self.clinic_clock.now()

    def machine_now(self) -> datetime:
        """Machine time, UTC."""
        return self.machine_clock.now()

    def link_to(self, code: str) -> str:
        """Where staff open the item of a code."""
        return f"{self.public_url}/followups/{code}"

    def new_id(self) -> UUID:
        """A fresh identifier."""
        return new_id(self.machine_clock)

"""A world for tests: a real database, clocks that stand still, recording channels."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from outreach.bootstrap import build_intake, record_configuration
from outreach.clocks import ManualClock
from outreach.configuration.clinic_file import load_clinic
from outreach.configuration.triage_files import load_engine
from outreach.domain.clinic import Clinic
from outreach.domain.journeys import Anchor, Journey, Offset, Only, Step
from outreach.domain.policy import Policy, every_day
from outreach.domain.roster import (
    Duty,
    OnHolidays,
    Reach,
    Roster,
    Span,
    StaffMember,
    WeeklyShift,
)
from outreach.domain.states import ChannelKind, Purpose
from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Prompt
from outreach.pipeline import arrive, ingest, reply, stages, triage
from outreach.pipeline.ports import FixedRoster
from outreach.pipeline.world import World
from outreach.rendering.messages import MessageTemplates
from outreach.storage.crypto import Keyring, use_keyring
from outreach.storage.database import Database
from tests.recording import RecordingChannel

CONFIG = Path(__file__).parent.parent / "config"
START = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York; the clocks there change on 14 March."""
PHONE = "+12025550123"
OPENED: list[Database] = []
"""What the running test opened; closed after it (see ``conftest``)."""
KEYRING = Keyring({"k1": bytes(range(32))}, bytes(range(32, 64)))

JOURNEYS = (
    Journey(
        "infusion_visit",
        "Before an infusion",
        Anchor.VISIT_START,
        frozenset({"infusion"}),
        Purpose.CARE,
        (
            Step(
                "d7",
                "prep_7d",
                Offset(days=-7),
                48,
                also_email=True,
                first_message="prep_7d_first",
                asks=Prompt.CONFIRM,
                question_hours=48,
            ),
            Step("d3", "prep_3d", Offset(days=-3), 20),
            Step("d1", "prep_1d", Offset(days=-1), 20, first_message="prep_1d_first"),
            Step("h2", "prep_2h", Offset(hours=-2), 2),
        ),
        digest="visit",
    ),
    Journey(
        "infusion_checkin",
        "After an infusion",
        Anchor.INFUSION_END,
        frozenset({"infusion"}),
        Purpose.CARE,
        (
            Step("h24", "checkin_24h", Offset(hours=24), 24, asks=Prompt.SEVERITY_0_3),
            Step("h72", "checkin_72h", Offset(hours=72), 24, asks=Prompt.SEVERITY_0_3),
        ),
        digest="checkin",
    ),
    Journey(
        "home_dose",
        "Home doses",
        Anchor.DOSE,
        frozenset(),
        Purpose.CARE,
        (
            Step("dose", "dose_day", Offset(), 12, asks=Prompt.DOSE),
            Step("missed", "dose_missed", Offset(days=1), 12, only=frozenset({Only.UNANSWERED})),
        ),
        digest="dose",
    ),
)


@lru_cache(maxsize=1)
def clinic() -> Clinic:
    return load_clinic(CONFIG / "clinic.yaml")


def roster() -> Roster:
    """One rung for ever: the charge nurse, by text and by email, with five minutes to answer."""
    ways = (
        Reach(ChannelKind.SMS, "+12025550199"),
        Reach(ChannelKind.EMAIL, "nurses@cedar-grove.example.org"),
    )
    nurse = StaffMember("charge_nurse", "Charge nurse phone", nurse=True, reach=ways)
    whole_day = Span(time(0), time(0))
    shift = WeeklyShift(
        Duty.ON_DUTY, (nurse.code,), frozenset(range(7)), whole_day, OnHolidays.ALSO
    )
    return Roster(clinic().zone, {nurse.code: nurse}, (shift,))


@lru_cache(maxsize=1)
def engine() -> TriageEngine:
    return load_engine(CONFIG / "triage")


@lru_cache(maxsize=1)
def templates() -> MessageTemplates:
    return MessageTemplates()


def database(url: str) -> Database:
    """One engine for every test on a database: what it compiled once stays compiled."""
    use_keyring(KEYRING)  # a command that ran in this process may have brought its own
    return _database(url)


@lru_cache(maxsize=4)
def _database(url: str) -> Database:
    return Database(url, KEYRING)


@dataclass
class Wakes:
    """Remembers which stages were woken."""

    stages: list[str] = field(default_factory=list)

    def __call__(self, stage: str) -> None:
        self.stages.append(stage)


@dataclass
class Bench:
    """A world and the handles a test turns."""

    world: World
    clock: ManualClock
    machine: ManualClock
    sms: RecordingChannel
    email: RecordingChannel
    wakes: Wakes
    _numbers: int = 0

    def event(self, kind: str, patient: str = "P1", **rest: Any) -> None:
        """A native event about a patient, arrived and settled."""
        self._numbers += 1
        value = {
            "id": f"e{self._numbers}",
            "source": "test",
            "type": kind,
            "occurred_at": self.clock.now().isoformat(),
            "patient": {"ids": [{"system": "mrn", "value": patient}], **rest.pop("patient_", {})},
            **rest,
        }
        self.arrive(json.dumps(value).encode(), "application/json")

    def book(
        self,
        start: datetime,
        *,
        visit: str = "A1",
        patient: str = "P1",
        phone: str | None = PHONE,
        kind: str = "appointment.booked",
        **rest: Any,
    ) -> None:
        """A four-hour infusion at Cedar Grove."""
        person = {"given": "Robin", "family": "Testcase", **rest.pop("patient_", {})}
        if phone is not None:
            person["phone"] = phone
        self.event(
            kind,
            patient,
            patient_=person,
            appointment={
                "ids": [{"system": "visit", "value": visit}],
                "start": start.isoformat(),
                "end": (start + timedelta(hours=4)).isoformat(),
                "service": "Infusion",
                "location": "cedar_grove",
                **rest,
            },
        )

    def arrive(self, raw: bytes, content_type: str = "", source: str = "test") -> None:
        arrive.arrive(self.world, raw, source=source, content_type=content_type)
        ingest.drain(self.world)

    def says(self, body: str, sender: str = PHONE, provider_id: str | None = None) -> bool:
        """Somebody texts the clinic; triage reads it."""
        self._numbers += 1
        new = reply.receive(
            self.world,
            reply.Inbound(
                provider_id or f"SMin{self._numbers}", ChannelKind.SMS, sender, "+12025550100", body
            ),
        )
        triage.drain(self.world)
        return new

    def run(self) -> None:
        """Every stage, until nothing moves."""
        while sum(stage(self.world) for stage in stages.with_work(self.world)):
            continue

    def to(self, at: datetime) -> None:
        """Clinic and machine time move to ``at``; every stage runs."""
        self.machine.advance(max(timedelta(), at - self.clock.now()))
        self.clock.set(at)
        self.run()

    def through(self, until: datetime) -> None:
        """Time passes to ``until`` by way of every moment at which something is due."""
        self.run()
        while (moment := self._next_moment(until)) is not None:
            self.to(moment)
        self.to(until)

    def _next_moment(self, until: datetime) -> datetime | None:
        now = self.clock.now()
        with self.world.db.read() as unit:
            moments = (
                unit.ledger.next_due(),
                unit.messages.next_not_before(now),
                unit.visits.next_report_by(),
                unit.visits.next_confirm_by(),
                unit.replies.next_close(),
                unit.circle.next_look(),
                unit.takeovers.next_end(),
            )
        ahead = [moment for moment in moments if moment is not None and now < moment < until]
        return min(ahead, default=None)

    def outcomes(self, patient: str = "P1") -> dict[str, str]:
        """step -> outcome[:reason] of a patient's newest touchpoints."""
        found = {}
        with self.world.db.read() as unit:
            rows = unit.ledger.everything()
            names = unit.people.identifiers_of({row.patient_id for row in rows})
            for row in sorted(rows, key=lambda item: (item.anchor_version, item.id)):
                if any(name.value == patient for name in names[row.patient_id]):
                    reason = "" if row.reason is None else f":{row.reason.value}"
                    found[row.step] = f"{row.status.value}{reason}"
        return found


def make_bench(database_url: str, *, at: datetime = START, **overrides: Any) -> Bench:
    """A bench on a migrated, empty database; ``overrides`` replace fields of the world."""
    clock, machine = ManualClock(at), ManualClock(at)
    sms = RecordingChannel(ChannelKind.SMS, machine)
    email = RecordingChannel(ChannelKind.EMAIL, machine)
    wakes = Wakes()
    world = World(
        db=database(database_url),
        clinic_clock=clock,
        machine_clock=machine,
        clinic=clinic(),
        policy=Policy(
            care_attested=True,
            care_week=every_day(time(8), time(21)),
            outreach_week=every_day(time(9), time(20)),
        ),
        journeys=JOURNEYS,
        triage=engine(),
        renderer=templates(),
        channels={ChannelKind.SMS: sms, ChannelKind.EMAIL: email},
        parse=build_intake(clinic()),
        wake=wakes,
        roster=FixedRoster(roster()),
        public_url="https://outreach.cedar-grove.example.org",
    )
    world = replace(world, **overrides)
    OPENED.append(world.db)
    record_configuration(world)
    return Bench(world, clock, machine, sms, email, wakes)


def make_world(database_url: str, **overrides: Any) -> World:
    """Just the world of a bench."""
    return make_bench(database_url, **overrides).world

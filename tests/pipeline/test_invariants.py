"""Whatever happens in whatever order, the promises to patients hold: a random walk on one bench."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from outreach.configuration.journey_files import load_journeys
from outreach.domain.consent import ConsentScope
from outreach.domain.journeys import Anchor, Journey
from outreach.domain.states import (
    ChannelKind,
    MessageStatus,
    Purpose,
    SkipReason,
    TouchpointStatus,
)
from outreach.pipeline import campaign, consent, followup
from outreach.pipeline.facts.deciding import CONFIRMS_OPT_OUT
from outreach.pipeline.ports import Outgoing
from outreach.storage.models import Message
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit
from tests.recording import (
    Answer,
    Answers,
    RecordingChannel,
    accept_then_hang,
    busy,
    refuse,
    vanish,
)
from tests.worlds import CONFIG, JOURNEYS, START, Bench, clinic, make_bench, templates

PATIENTS = {f"P{n}": f"+120255501{n:02d}" for n in range(5)} | {"P5": "+12025550100"}
"""P0 and P5 share a phone."""
SAYINGS = (
    "STOP",
    "START",
    "START",
    "START",
    "C",
    "R",
    "0",
    "2",
    "3",
    "DONE",
    "chest pain",
    "thanks",
    "ALTO",
    "why?",
)
NEW_YORK = ZoneInfo("America/New_York")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass
class Watched(RecordingChannel):
    """A provider that counts what it took, and looks at each text as it leaves."""

    watch: Callable[[Outgoing], None] = lambda _: None
    took: Counter[UUID] = field(default_factory=Counter)

    def send(self, batch: Sequence[Outgoing]) -> Answers:
        for outgoing in batch:
            self.watch(outgoing)
        return super().send(batch)

    def note(self, outgoing: Outgoing) -> str:
        self.took[outgoing.message_id] += 1
        return super().note(outgoing)


class Walk:
    """Random events, moves, replies and outages; ``broken`` collects every broken promise."""

    def __init__(self, bench: Bench, chance: Random) -> None:
        self.bench, self.chance = bench, chance
        self.visits: dict[str, str] = {}
        self.broken: list[str] = []
        self.said: set[tuple[str, str, UUID]] = set()
        """Each visit as it is named, by step, with the message that named it."""
        self.sms = Watched(ChannelKind.SMS, bench.machine, watch=self.watch)
        bench.sms = self.sms
        channels = {ChannelKind.SMS: self.sms, ChannelKind.EMAIL: bench.email}
        object.__setattr__(bench.world, "channels", channels)

    def watch(self, outgoing: Outgoing) -> None:
        """What must be true of every text at the moment it leaves."""
        now = self.bench.clock.now()
        with self.bench.world.db.read() as unit:
            message = unit.messages.messages([outgoing.message_id])[outgoing.message_id]
            if message.purpose is Purpose.STAFF:
                return
            state = unit.people.consent_of([message.address_index])[message.address_index]
            if state.opted_out and message.template not in CONFIRMS_OPT_OUT:
                self.broken.append(f"{message.template} to an opted-out phone")
            if message.touchpoint_id is not None:
                self._watch_touchpoint(unit, message, now)

    def _watch_touchpoint(self, unit: Unit, message: Message, now: datetime) -> None:
        assert message.touchpoint_id is not None
        row = unit.ledger.touchpoints([message.touchpoint_id])[message.touchpoint_id]
        opens, closes = (8, 21) if row.purpose is Purpose.CARE else (9, 20)
        if not opens <= now.astimezone(NEW_YORK).hour < closes:
            self.broken.append(f"{row.step} at {now}")
        if now >= row.useful_until:
            self.broken.append(f"{row.step} too late")
        if row.anchor_kind is Anchor.VISIT_START and row.appointment_id is not None:
            visit = unit.visits.appointment(row.appointment_id)
            assert visit is not None
            if (
                visit.start_at is None
                or now >= visit.start_at
                or visit.version != row.anchor_version
            ):
                self.broken.append(f"{row.step} of a visit that began or moved")
            self._watch_visits(unit, message, row.step)
        patient = unit.people.patient(row.patient_id)
        if patient is None or patient.deceased or patient.paused:
            self.broken.append(f"{row.step} to the dead or admitted")

    def _watch_visits(self, unit: Unit, message: Message, step: str) -> None:
        """No step says again what it has said: each of its texts names a visit that is news."""
        about = {(name, step) for name in message.visits}
        others = [said for said in self.said if said[:2] in about and said[2] != message.id]
        went = unit.messages.messages([said[2] for said in others])
        told = {said[:2] for said in others if went[said[2]].accepted_at is not None}
        if about and about <= told:
            self.broken.append(f"{step} said nothing new")
        self.said |= {(*visit, message.id) for visit in about}

    def step(self) -> None:
        """One random thing, and some time."""
        happen = self.chance.choice(
            [
                self.book,
                self.book,
                self.move,
                self.cancel,
                self.complete,
                self.reply,
                self.reply,
                self.outage,
                self.outage,
                self.launch,
                self.staff,
                self.admit,
                self.prescribe,
            ]
        )
        happen()
        self.bench.run()
        minutes = self.chance.choice([1, 3, 30, 120, 240, 600])
        self.bench.to(self.bench.clock.now() + minutes * MINUTE)

    def book(self) -> None:
        name = self.chance.choice(list(PATIENTS))
        visit = f"A{len(self.visits)}"
        self.visits[visit] = name
        self._book(visit, "appointment.booked")

    def _book(self, visit: str, kind: str) -> None:
        start = self.bench.clock.now() + self.chance.randrange(-10, 200) * HOUR
        name = self.visits[visit]
        self.bench.book(start, visit=visit, patient=name, phone=PATIENTS[name], kind=kind)

    def move(self) -> None:
        if self.visits:
            self._book(self.chance.choice(list(self.visits)), "appointment.rescheduled")

    def _about(self, kind: str, **rest: object) -> None:
        if self.visits:
            visit = self.chance.choice(list(self.visits))
            ids = [{"system": "visit", "value": visit}]
            self.bench.event(kind, self.visits[visit], appointment={"ids": ids, **rest})

    def cancel(self) -> None:
        self._about("appointment.cancelled")

    def complete(self) -> None:
        self._about("infusion.completed", actual_end=self.bench.clock.now().isoformat())

    def reply(self) -> None:
        sender = self.chance.choice([*PATIENTS.values(), "+12025550177"])
        self.bench.says(self.chance.choice(SAYINGS), sender=sender)

    def outage(self) -> None:
        troubles: list[Answer] = [
            vanish,
            accept_then_hang(self.sms),
            busy(30),
            refuse(20003, 401),
            refuse(20500, 500),
        ]
        if self.chance.random() < 0.1:
            troubles.append(refuse(21610))
        for _ in range(self.chance.randrange(1, 6)):
            self.sms.answers.append(self.chance.choice(troubles))

    def launch(self) -> None:
        phone = self.chance.choice(list(PATIENTS.values()))
        if not self._opted_out(phone):
            consent.record_opt_in(
                self.bench.world,
                ChannelKind.SMS,
                phone,
                ConsentScope.CAMPAIGN,
                source="import",
                actor="n",
            )
        token = str(self.chance.randrange(1000))
        fields = {"when": "Monday", "hours": "9 to 5"}
        wanted = campaign.Launch(token, "hours", "campaign_hours", "n", fields)
        campaign.launch(self.bench.world, wanted)

    def _opted_out(self, phone: str) -> bool:
        index = address_index(ChannelKind.SMS, phone)
        with self.bench.world.db.read() as unit:
            return unit.people.consent_of([index])[index].opted_out

    def staff(self) -> None:
        with self.bench.world.db.read() as unit:
            items = [item for item in unit.followups.worklist() if item.status == "open"]
        for item in items:
            followup.acknowledge(self.bench.world, item.code, "Nurse One")

    def admit(self) -> None:
        if self.chance.random() < 0.2:
            kind = self.chance.choice(["patient.admitted", "patient.deceased"])
            self.bench.event(kind, self.chance.choice(["P3", "P4"]))

    def prescribe(self) -> None:
        first = self.bench.clock.now() + self.chance.randrange(1, 90) * HOUR
        name = self.chance.choice(list(PATIENTS))
        doses = [(first + 24 * day * HOUR).isoformat() for day in range(2)]
        self.bench.event(
            "regimen.prescribed",
            name,
            patient_={"phone": PATIENTS[name]},
            regimen={"ids": [{"system": "rx", "value": f"R-{name}"}], "dose_dates": doses},
        )


def unspoken(unit: Unit) -> list[str]:
    """What ended as said by another text, and no text that went says it."""
    found = []
    for row in unit.ledger.everything():
        if row.reason is not SkipReason.MERGED:
            continue
        told = unit.messages.told_of_visits([row.patient_id], START - timedelta(days=1))
        if not any(
            row.appointment_id is not None
            and text.step == row.step
            and text.touchpoint_id != row.id
            and text.names(row.appointment_id, row.anchor_version)
            and text.status not in {MessageStatus.SKIPPED, MessageStatus.QUEUED}
            for _, text in told
        ):
            found.append(row.step)
    return found


SHIPPED = load_journeys(CONFIG / "journeys", clinic(), frozenset(templates().names()))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("seed", "journeys"), [(0, JOURNEYS), (1, SHIPPED)], ids=["plain", "shipped"]
)
def test_the_promises_hold_whatever_happens(
    database_url: str, seed: int, journeys: tuple[Journey, ...]
) -> None:
    bench = make_bench(database_url, journeys=journeys)
    walk = Walk(bench, Random(seed))  # noqa: S311
    for _ in range(35):
        walk.step()
    walk.staff()
    end = bench.clock.now() + timedelta(days=12)
    while bench.clock.now() < end:  # long enough for all that was planned and doubted
        bench.to(bench.clock.now() + 12 * HOUR)
        walk.staff()
    with bench.world.db.read() as unit:
        open_still = [
            (row.step, row.status, row.due_at)
            for row in unit.ledger.everything()
            if row.status in {TouchpointStatus.PLANNED, TouchpointStatus.QUEUED}
            and row.due_at <= bench.clock.now()
        ]
        reasons = [(row.reason_key, row.channel) for row in unit.messages.everything()]
        unsaid = [
            row.step
            for row in unit.ledger.everything()
            if row.status in {TouchpointStatus.SKIPPED, TouchpointStatus.SUPERSEDED}
            and row.reason is None
        ]
        promised = unspoken(unit)
        unread = [reply.id for reply in unit.replies.everything() if reply.triaged_at is None]
    bench.world.db.close()
    assert walk.broken == []
    assert open_still == []
    assert unsaid == []
    assert promised == []
    assert unread == []
    assert len(reasons) == len(set(reasons))
    assert [key for key, times in walk.sms.took.items() if times > 1] == []
    assert len(walk.sms.took) > 10  # it did something
    assert bench.clock.now() > START

"""One drill: a clinic at work, faults that strike it, its recovery, and a verdict."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from outreach.domain.errors import Unavailable
from outreach.domain.states import MessageStatus
from outreach.storage import crypto
from outreach.storage.models import Message, Reply
from tests.chaos.faults import Fault
from tests.chaos.faults.steps import Steps
from tests.chaos.scene import OPEN, look
from tests.chaos.system import System
from tests.chaos.traffic import Says, Traffic
from tests.chaos.verdict import PASSING, Violation, violations

PATIENCE = 90.0
"""Seconds within which a system must have recovered, also on a busy machine: a broker that was away
is asked again after 2, 4, 6 s, and a clock that went back is waited for.
"""


@dataclass(slots=True)
class Result:
    """What one drill showed."""

    faults: list[str]
    seconds_to_recover: float
    violations: list[Violation] = field(default_factory=list)


def new_seed() -> int:
    """One that is easily written down."""
    return random.SystemRandom().randrange(1, 10**6)


class Drill:
    """Drills on one system, one after another."""

    def __init__(self, system: System, traffic: Traffic, chance: random.Random, seed: int) -> None:
        self.seed = seed
        """Of ``chance``: with it the same faults strike at the same instants."""
        self.system = system
        self._traffic = traffic
        self._random = chance
        self._asked: list[str] = []

    def run(self, faults: Sequence[Fault], patients: int = 6, seconds: float = 3.0) -> Result:
        """Feeds, breaks, waits for recovery and judges all that happened so far."""
        before, crypto._active.keyring = crypto._active.keyring, self.system.keyring
        try:
            return self._run(faults, patients, seconds)
        finally:
            crypto._active.keyring = before  # the other tests of this process have their own

    def _run(self, faults: Sequence[Fault], patients: int, seconds: float) -> Result:
        asked = self._traffic.feed(patients, seconds + 0.5)
        writes = self._to_write(seconds)
        self._strike(faults, writes, seconds)
        recovered_in, found = self._recover()
        self._asked = asked
        return Result([fault.name for fault in faults], recovered_in, found)

    def _to_write(self, seconds: float) -> list[tuple[float, str, Says]]:
        """Patients of the drill before write now: one has a red flag."""
        says = [Says.RED_FLAG, Says.CONFIRM, Says.QUESTION, Says.STOP]
        return sorted(
            (self._random.uniform(0, seconds), phone, what)
            for phone, what in zip(self._asked, says, strict=False)
        )

    def _strike(
        self, faults: Sequence[Fault], writes: list[tuple[float, str, Says]], seconds: float
    ) -> None:
        began = time.monotonic()
        due: list[tuple[float, Fault, Steps | None]] = [
            (began + self._random.uniform(0.2, 0.6 * seconds), fault, None) for fault in faults
        ]
        try:
            while due or writes or time.monotonic() < began + seconds:
                now = time.monotonic()
                while writes and began + writes[0][0] <= now:
                    _, phone, says = writes.pop(0)
                    self._traffic.write(phone, says)
                due = [self._step(one, now) if one[0] <= now else one for one in due]
                due = [one for one in due if one[0] >= 0]
                self.system.live(0.03)
        finally:
            for _, _, steps in due:
                if steps is not None:
                    steps.close()  # type: ignore[attr-defined]  # a generator: its finally mends
            self.system.carrier("faults", method="DELETE")

    def _step(
        self, one: tuple[float, Fault, Steps | None], now: float
    ) -> tuple[float, Fault, Steps | None]:
        _, fault, steps = one
        steps = steps or fault.begin(self.system, self._random)
        pause = next(steps, None)
        return (-1.0 if pause is None else now + pause, fault, steps)

    def _recover(self) -> tuple[float, list[Violation]]:
        """Until nothing waits and nothing is open, or patience ends: the seconds it took, and what
        is wrong then.

        A retry's hour may come between the look that finds rest and the look that judges: what may
        still pass is looked at again, as long as patience lasts.
        """
        began = self.system.awake
        while (waited := self.system.awake - began) < PATIENCE:
            self.system.live(0.1)
            if self._at_rest():
                found = violations(look(self.system, self._traffic.books))
                if not any(one.kind in PASSING for one in found):
                    return waited, found
        return waited, violations(look(self.system, self._traffic.books))

    def _at_rest(self) -> bool:
        system = self.system
        if not self._traffic.all_acknowledged() or system.clock.now() < self._traffic.last_due:
            return False
        world = system.world
        now = world.clinic_now()
        ready = select(func.count()).where(
            (Message.status.in_(OPEN))
            | ((Message.status == MessageStatus.QUEUED) & (Message.not_before <= now))
        )
        try:
            with world.db.read() as unit:
                if unit.work.waiting(now, world.machine_now()):
                    return False
                known = set(unit._session.scalars(select(Reply.provider_id)))
                if any(one.sid not in known for one in self._traffic.books.written):
                    return False
                return unit._session.scalar(ready) == 0
        except Unavailable:
            return False

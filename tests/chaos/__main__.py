"""``make chaos``: random mixtures of faults for as long as is asked, and a report at the end."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from sqlalchemy import func, select

from outreach.domain.states import AttemptOutcome, MessageStatus
from outreach.storage.models import Attempt, Message
from tests.chaos.conftest import disk_for
from tests.chaos.drill import Drill, Result, new_seed
from tests.chaos.faults import BOTH, FAULTS, Fault, on
from tests.chaos.machine import random_of, small_disk
from tests.chaos.system import System
from tests.chaos.traffic import Traffic

_MOST_AT_ONCE = 3


@dataclass(slots=True)
class Report:
    """What a long run showed."""

    results: list[Result] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def violated(self) -> bool:
        return any(result.violations for result in self.results)

    def lines(self) -> list[str]:
        """For a person, one fact a line."""
        faults = Counter(name for result in self.results for name in result.faults)
        recovered = sorted(result.seconds_to_recover for result in self.results) or [0.0]
        told = [f"drills              {len(self.results)}"]
        told += [f"fault               {count:4d}  {name}" for name, count in faults.most_common()]
        told += [f"{name:19} {value}" for name, value in self.figures.items()]
        told.append(f"seconds to recover  median {median(recovered):.1f}, most {recovered[-1]:.1f}")
        violations = Counter(str(one) for result in self.results for one in result.violations)
        told += [f"VIOLATION           {text}" for text in sorted(violations)]
        told.append(f"violations          {len(violations)}")
        return told


def play(database: str, minutes: float, seed: int, faults: Sequence[Fault]) -> Report:
    """Drills on one system until the time is over; the first violation ends them."""
    chance, report = random_of(seed), Report()
    with (
        small_disk() as disk,
        System(database, disk=disk_for(database, disk)) as system,
        Traffic(system, chance) as traffic,
    ):
        drill = Drill(system, traffic, chance, seed)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end and not report.violated:
            count = chance.randint(1, min(_MOST_AT_ONCE, len(faults)))
            result = drill.run(chance.sample(list(faults), count), patients=10, seconds=4.0)
            report.results.append(result)
            _say(_line(result))
        report.figures = _figures(system, traffic)
        if report.violated:
            _say(system.logs())
    return report


def _line(result: Result) -> str:
    mark = "FAIL" if result.violations else "ok  "
    return f"{mark} {result.seconds_to_recover:5.1f} s  {', '.join(result.faults)}"


def _figures(system: System, traffic: Traffic) -> dict[str, object]:
    record = Counter(
        f"{row['channel']} {row['status']}" for row in system.record() if row["origin"] == "app"
    )
    with system.world.db.read() as unit:
        ends = unit._session.execute(
            select(Message.status, Message.reason, func.count()).group_by(
                Message.status, Message.reason
            )
        ).all()
        tries = unit._session.execute(
            select(Attempt.outcome, Attempt.detail, func.count()).group_by(
                Attempt.outcome, Attempt.detail
            )
        ).all()
        held = set(
            unit._session.scalars(
                select(Message.provider_id).where(Message.status == MessageStatus.DELIVERED)
            )
        )
    unheard = [
        row["sid"]
        for row in system.record()
        if row["origin"] == "app" and row["status"] == "delivered" and row["sid"] not in held
    ]
    return {
        "events fed": len(traffic.books.fed),
        "replies written": len(traffic.books.written),
        "at the carrier": _listed(record),
        "our messages": _listed(
            Counter({f"{a.value}{f':{b.value}' if b else ''}": n for a, b, n in ends})
        ),
        "attempts": _listed(Counter({_try(a, b): n for a, b, n in tries})),
        "delivery unheard of": len(unheard),
        "restarted parts": _listed(system.restarts),
        "seconds asleep": round(system.asleep),
    }


def _try(outcome: AttemptOutcome, detail: str) -> str:
    """An attempt that was accepted after it was unknown keeps why it was."""
    if outcome is AttemptOutcome.ACCEPTED and detail:
        return f"unknown ({detail}) and proven accepted"
    return f"{outcome.value} ({detail})" if detail else outcome.value


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """The exit code: 0 when every promise was kept on every database asked for."""
    parser = argparse.ArgumentParser(prog="make chaos ARGS=", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="on each database")
    parser.add_argument("--database", choices=BOTH, action="append")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--fault", choices=sorted(FAULTS), action="append", help="these alone")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else new_seed()
    violated = False
    for database in asked.database or BOTH:
        faults = [one for one in on(database) if not asked.fault or one.name in asked.fault]
        _say(f"{database}, seed {seed}, {asked.minutes:g} minutes")
        report = play(database, asked.minutes, seed, faults)
        _say("\n".join(["", *report.lines(), ""]))
        violated |= report.violated
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())

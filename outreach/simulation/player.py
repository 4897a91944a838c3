"""Plays a scenario: moves the clock from one moment that matters to the next, and drains the road.

An outage stops every worker; what arrives meanwhile is stored and waits, as it would for real.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.clocks import ManualClock
from outreach.domain.errors import BadInput, OutreachError
from outreach.pipeline import stages
from outreach.pipeline.world import World
from outreach.simulation.happenings import Happenings, outage_length
from outreach.simulation.scenario import Line, instant
from outreach.simulation.wording import Note

_TO_THE_END = timedelta(days=3 * 365)
"""A scenario that names no end is played until nothing is planned any more, or for so long."""


class Player:
    """One run of one scenario in one world.

    Args:
        world: its clocks must be ``clock``.
        zone: for times without an offset.
        note: told what changed nothing, with the number of its line.
    """

    def __init__(self, world: World, clock: ManualClock, zone: ZoneInfo, note: Note) -> None:
        self._world, self._clock, self._zone = world, clock, zone
        self._happenings = Happenings(world, note)
        self._down_until: datetime | None = None

    def play(self, lines: Sequence[Line]) -> None:
        """Plays all lines, and what follows from them until the last line's time.

        Raises:
            BadInput: a line speaks of something that does not exist; names the line.
        """
        for line in lines:
            self._advance(line.at.astimezone(UTC))
            self._happen(line)
            self._work()
        if lines and all(line.verb != "until" for line in lines):
            self._advance(lines[-1].at.astimezone(UTC) + _TO_THE_END)
        # an outage that outlasts the scenario hides nothing: what it held is drained at the end
        self._down_until = None
        self._work()
        self._happenings.tell_of_events()

    def _advance(self, until: datetime) -> None:
        """Moves to ``until`` by way of every moment at which something is due."""
        while True:
            moment = self._next_moment(until)
            if moment is None:
                break
            self._clock.set(moment)
            self._work()
        self._clock.set(max(until, self._clock.now()))

    def _next_moment(self, until: datetime) -> datetime | None:
        now = self._clock.now()
        moments: list[datetime | None] = []
        if self._down_until is not None and self._down_until > now:
            moments.append(self._down_until)
        else:
            with self._world.db.read() as unit:
                moments += [
                    unit.ledger.next_due(),
                    unit.messages.next_not_before(now),
                    unit.visits.next_report_by(),
                    unit.visits.next_confirm_by(),
                    unit.replies.next_close(),
                    unit.circle.next_look(),
                    unit.takeovers.next_end(),
                ]
        ahead = [moment for moment in moments if moment is not None and now < moment <= until]
        return min(ahead, default=None)

    def _work(self) -> None:
        """Drains every stage until nothing moves any more.

        But for paging, which tells staff of an item again and again: the ledger stays as it is.
        """
        if self._down_until is not None and self._clock.now() < self._down_until:
            return
        paging = stages.STAGES["followup"]
        while sum(stage(self._world) for stage in stages.with_work(self._world) if stage != paging):
            continue

    def _happen(self, line: Line) -> None:
        try:
            if line.verb == "outage":
                self._outage(line)
            elif line.verb != "until":
                self._happenings.happen(line)
        except KeyError as error:
            raise BadInput(
                "scenario", f"Line {line.number} of the scenario needs {error.args[0]!r}."
            ) from None
        except OutreachError as error:
            raise BadInput("scenario", f"Line {line.number} of the scenario: {error}") from None

    def _outage(self, line: Line) -> None:
        """Every worker stands still. Who reports to us is heard and waits."""
        length = outage_length(line.details)
        if length is not None:
            until = line.at.astimezone(UTC) + length
        else:
            until = instant(line.details["until"], self._zone, line.number).astimezone(UTC)
        self._down_until = max(until, self._down_until or until)

"""Plays a scenario: moves the clock from one moment that matters to the next, and drains the road.

An outage stops every worker; what arrives meanwhile is stored and waits, as it would for real.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.clocks import ManualClock
from outreach.domain.errors import BadInput, OutreachError
from outreach.domain.states import ChannelKind, Purpose
from outreach.pipeline import (
    arrive,
    campaign,
    closure,
    completion,
    consent,
    due,
    followup,
    ingest,
    receipt,
    reply,
    send,
    settle,
    triage,
    upkeep,
)
from outreach.pipeline.world import World
from outreach.simulation.scenario import Line, instant
from outreach.storage.models import Touchpoint
from outreach.storage.unit import Unit

_STAGES = (
    ingest.drain,
    triage.drain,
    due.drain,
    send.drain,
    receipt.drain,
    settle.drain,
    upkeep.drain,
    completion.drain,
    followup.drain,
)
_SOURCE = "scenario"


class Player:
    """One run of one scenario in one world.

    Args:
        world: its clocks must be ``clock``.
        zone: for times without an offset.
    """

    def __init__(self, world: World, clock: ManualClock, zone: ZoneInfo) -> None:
        self._world, self._clock, self._zone = world, clock, zone
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
        # an outage that outlasts the scenario hides nothing: what it held is drained at the end
        self._down_until = None
        self._work()

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
                    unit.replies.next_close(),
                    unit.circle.next_look(),
                ]
        ahead = [moment for moment in moments if moment is not None and now < moment <= until]
        return min(ahead, default=None)

    def _work(self) -> None:
        """Drains every stage until nothing moves any more."""
        if self._down_until is not None and self._clock.now() < self._down_until:
            return
        while sum([stage(self._world) for stage in _STAGES]):
            continue

    def _happen(self, line: Line) -> None:
        happen = {
            "event": self._event,
            "reply": self._reply,
            "receipt": self._receipt,
            "outage": self._outage,
            "optout": self._opt_out,
            "campaign": self._campaign,
            "close": self._close,
            "closure": self._closure,
            "until": self._nothing,
        }[line.verb]
        try:
            happen(line)
        except KeyError as error:
            raise BadInput(
                "scenario", f"Line {line.number} of the scenario needs {error.args[0]!r}."
            ) from None
        except OutreachError as error:
            raise BadInput("scenario", f"Line {line.number} of the scenario: {error}") from None

    def _nothing(self, line: Line) -> None:
        """The end of a scenario: time has passed, and that is all."""

    def _event(self, line: Line) -> None:
        event = {"source": _SOURCE, "id": f"line-{line.number}", **line.details}
        event.setdefault("occurred_at", line.at.isoformat())
        raw = json.dumps(event).encode()
        arrive.arrive(self._world, raw, source=_SOURCE, content_type="application/json")

    def _reply(self, line: Line) -> None:
        reply.receive(
            self._world,
            reply.Inbound(
                provider_id=f"SIM-reply-{line.number}",
                channel=ChannelKind.SMS,
                sender=consent.e164(str(line.details["from"]), self._world),
                recipient=self._world.clinic.phone,
                body=str(line.details["body"]),
            ),
        )

    def _receipt(self, line: Line) -> None:
        with self._world.db.read() as unit:
            provider_id, message_id = self._sent(unit, line)
        receipt.receive(
            self._world,
            provider_id=provider_id,
            status=str(line.details["status"]),
            error_code=line.details.get("code"),
            message_id=message_id,
        )

    def _sent(self, unit: Unit, line: Line) -> tuple[str, UUID]:
        """The message that the last touchpoint of this patient and step went out as."""
        patient, step = str(line.details["patient"]), str(line.details["step"])
        rows = [row for row in unit.ledger.everything() if row.step == step]
        names = unit.people.identifiers_of({row.patient_id for row in rows})
        mine: list[Touchpoint] = [
            row
            for row in rows
            if patient in {str(row.patient_id), *(name.value for name in names[row.patient_id])}
        ]
        for row in reversed(mine):
            for message in unit.messages.of_touchpoints([row.id])[row.id]:
                if message.provider_id is not None:
                    return message.provider_id, message.id
        raise BadInput("scenario", f"no {step!r} was sent to that patient by then")

    def _outage(self, line: Line) -> None:
        until = instant(line.details["until"], self._zone, line.number).astimezone(UTC)
        self._down_until = max(until, self._down_until or until)

    def _opt_out(self, line: Line) -> None:
        consent.record_opt_out(
            self._world,
            ChannelKind.SMS,
            consent.e164(str(line.details["phone"]), self._world),
            source="staff",
            actor="scenario",
        )

    def _close(self, line: Line) -> None:
        """A nurse ends the patient's newest item of a kind that is not closed yet."""
        patient, kind = str(line.details["patient"]), str(line.details["followup"])
        with self._world.db.read() as unit:
            rows = [row for row in unit.followups.worklist() if row.kind == kind]
            names = unit.people.identifiers_of({row.patient_id for row in rows if row.patient_id})
            mine = [
                row
                for row in rows
                if row.patient_id and patient in {name.value for name in names[row.patient_id]}
            ]
        if not mine:
            raise BadInput("scenario", f"that patient has no open {kind!r} by then")
        newest = max(mine, key=lambda row: (row.created_at, row.id))
        followup.close(self._world, newest.code, "scenario", str(line.details["outcome"]))

    def _campaign(self, line: Line) -> None:
        details = line.details
        campaign.launch(
            self._world,
            campaign.Launch(
                token=str(details.get("token", f"line-{line.number}")),
                name=str(details.get("name", f"line {line.number}")),
                template=str(details["template"]),
                by="scenario",
                fields={key: str(value) for key, value in details.get("fields", {}).items()},
                purpose=Purpose(details.get("purpose", "campaign")),
                service=details.get("service"),
                language=details.get("language"),
            ),
        )

    def _closure(self, line: Line) -> None:
        details = line.details
        site = self._world.clinic.site_named(str(details["site"]))
        if site is None:
            raise BadInput("scenario", "clinic.yaml has no such site")
        try:
            day = date.fromisoformat(str(details["date"]))
        except ValueError:
            raise BadInput("scenario", "a closure needs a date such as 2027-03-10") from None
        closure.record(self._world, site, day, "scenario")

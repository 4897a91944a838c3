"""The proof: each chapter is checked against the database and the carrier's own record."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from outreach.cli.demo import story
from outreach.cli.demo.theatre import Theatre
from outreach.domain.errors import OutreachError
from outreach.domain.states import ChannelKind, FollowUpStatus, MessageStatus, Priority, Purpose
from outreach.pipeline.facts.dose_history import report_of
from outreach.storage.models import FollowUp, InboxStatus, Message, Patient, Touchpoint
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit


class ChapterFailed(OutreachError):
    """Something the story promised did not happen."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The two witnesses: our database, and what the carrier wrote down by itself."""

    unit: Unit
    carrier: list[dict[str, Any]]

    def patient(self, phone: str) -> Patient:
        """The patient at a phone."""
        found = self.unit.people.at_address(address_index(ChannelKind.SMS, phone))
        _expect(len(found) == 1, f"one patient at {phone[-4:]}, found {len(found)}")
        return found[0]

    def ledger(self, phone: str) -> list[Touchpoint]:
        """Everything planned for the patient at a phone."""
        return self.unit.ledger.of_patient(self.patient(phone).id)

    def got(self, address: str) -> list[dict[str, Any]]:
        """What the carrier accepted for an address, in order."""
        return [message for message in self.carrier if message["to"] == address]

    def messages(self, phone: str) -> list[Message]:
        """Our own messages to the patient at a phone."""
        return self.unit.messages.of_patient(self.patient(phone).id)


def _expect(truth: bool, promise: str) -> None:
    if not truth:
        raise ChapterFailed(f"expected {promise}")


def _outcomes(rows: list[Touchpoint]) -> Counter[str]:
    return Counter(
        row.status.value if row.reason is None else f"{row.status.value}:{row.reason.value}"
        for row in rows
    )


def _ingested(see: Evidence) -> str:
    applied = [row.trigger for row in see.unit.inbox.with_status(InboxStatus.APPLIED)]
    _expect("S12" in " ".join(applied), "an S12 applied")
    _expect(any("Appointment" in trigger for trigger in applied), "a FHIR Appointment applied")
    planned = len(see.ledger(story.MIRA)) + len(see.ledger(story.TOBIAS))
    _expect(planned >= 8, f"at least 8 touchpoints planned for the two, found {planned}")
    return f"{len(applied)} arrivals applied, {planned} touchpoints for Mira and Tobias"


def _prepared(see: Evidence) -> str:
    texts = see.got(story.MIRA)
    mails = see.got(story.CAST[story.MIRA][1])
    _expect(bool(texts) and texts[0]["channel"] == "sms", "a prep text at the carrier")
    _expect(bool(mails) and mails[0]["channel"] == "email", "a prep email at the carrier")
    return f"{len(texts)} texts and {len(mails)} emails to Mira, by the official SDKs"


def _delivered(see: Evidence) -> str:
    rows = [row for row in see.unit.messages.everything() if row.accepted_at is not None]
    open_ends = [
        f"{row.template} by {row.channel} is {row.status}"
        for row in rows
        if row.status is not MessageStatus.DELIVERED
    ]
    _expect(not open_ends, f"all {len(rows)} delivered, but {', '.join(open_ends)}")
    return f"{len(rows)} of {len(rows)} messages delivered, by signed receipts"


def _moved(see: Evidence) -> str:
    outcomes = _outcomes(see.ledger(story.MIRA))
    _expect(outcomes["superseded:moved"] >= 3, "the old touchpoints superseded")
    moved = [row for row in see.got(story.MIRA) if "Mar 10" in row["body"]]
    _expect(len(moved) >= 3, "texts that name the new day")
    return f"{outcomes['superseded:moved']} superseded, {len(moved)} texts name the new day"


def _completed(see: Evidence) -> str:
    row = next((row for row in see.ledger(story.MIRA) if row.step == "h24"), None)
    ended = story.at(10, "15:25")
    _expect(row is not None and row.anchor_at == ended, "a check-in that counts from 15:25")
    _expect(row is not None and row.due_at == ended + timedelta(hours=24), "due 24 h later")
    _expect(row is not None and row.status == "sent", "the check-in sent")
    return "the check-in went 24 hours after the actual end, 15:25"


def _red_flag(see: Evidence) -> str:
    urgent = [row for row in _items(see) if row.priority is Priority.URGENT]
    _expect(len(urgent) == 1, f"one urgent follow-up, found {len(urgent)}")
    item = urgent[0]
    answers = [row for row in see.messages(story.MIRA) if row.template.startswith("auto_")]
    urgent_answers = [row for row in answers if row.template in {"auto_page_1h", "auto_call_911"}]
    _expect(len(urgent_answers) == 1, "one safe answer")
    _expect(urgent_answers[0].body in {row["body"] for row in see.got(story.MIRA)}, "it arrived")
    _expect(bool(see.got(story.NURSE)), "a page to staff")
    _expect(item.acknowledged_at is not None, "the item taken by a nurse")
    _expect(item.status is FollowUpStatus.CLOSED, "the item closed when she was reached")
    minutes = int((item.due_at - item.created_at).total_seconds() / 60)
    story_of_it = "a safe answer; staff paged, item taken and closed"
    return f"urgent item {item.code}, due within {minutes} minutes; {story_of_it}"


def _items(see: Evidence) -> list[FollowUp]:
    return see.unit.followups.worklist(closed=True)


def _stopped(see: Evidence) -> str:
    rows = see.ledger(story.TOBIAS)
    outcomes = _outcomes(rows)
    _expect(outcomes["skipped:opted_out"] >= 2, "later touchpoints skipped: opted_out")
    stop = story.at(5, "9:40")
    late = [row for row in see.messages(story.TOBIAS) if row.accepted_at and row.accepted_at > stop]
    _expect(not late, "nothing sent after STOP")
    return f"{outcomes['skipped:opted_out']} touchpoints skipped, nothing sent after STOP"


def _dosed(see: Evidence) -> str:
    logs = see.unit.visits.dose_logs_of(see.patient(story.IGNATIUS).id)
    _expect(len(logs) == 1 and logs[0].status == "taken", "one dose logged as taken")
    report = report_of(logs[0])
    _expect(report.lots == ("EX4471",), "its lot number kept")
    return f"dose logged with {report.volume_ml} ml at {report.sites} sites"


def _campaigned(see: Evidence) -> str:
    campaign = see.unit.campaigns.by_token(story.TOKEN)
    _expect(campaign is not None, "the campaign on record")
    if campaign is None:
        return ""
    counts = see.unit.campaigns.progress(campaign.id)
    _expect(counts["sent"] == 2, f"2 sent, found {counts['sent']}")
    _expect(counts["skipped:no_consent"] >= 2, "those without an opt-in skipped")
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _cancelled(see: Evidence) -> str:
    outcomes = _outcomes(see.ledger(story.ORLA))
    _expect(outcomes["cancelled:cancelled"] == 4, "all four touchpoints cancelled")
    _expect(not see.got(story.ORLA), "no text to Orla at the carrier")
    return "4 touchpoints cancelled, 0 texts at the carrier"


def _past(see: Evidence) -> str:
    visits = see.unit.visits.appointments_of(see.patient(story.TOMASZ).id)
    _expect(len(visits) == 1, "the visit on record")
    _expect(not see.got(story.TOMASZ), "no text to Tomasz at the carrier")
    return "the visit is on record, 0 texts at the carrier"


def _agree(see: Evidence) -> str:
    """Every message either side knows of is known to the other, once."""
    rows = see.unit.messages.everything()
    ours = [row.provider_id for row in rows if row.accepted_at]
    theirs = [row["id"] for row in see.carrier]
    _expect(len(set(theirs)) == len(theirs), "no provider id twice")
    _expect(sorted(str(sid) for sid in ours) == sorted(theirs), "the same messages on both sides")
    pages = {row.provider_id for row in rows if row.purpose is Purpose.STAFF}
    told = Counter((row["to"], row["body"]) for row in see.carrier if row["id"] not in pages)
    _expect(max(told.values()) == 1, "no patient told the same thing twice")
    return f"{len(ours)} messages in the database, the same {len(theirs)} at the carrier"


CHAPTERS: tuple[tuple[str, Callable[[Evidence], str]], ...] = (
    ("HL7 and FHIR events are ingested and touchpoints planned", _ingested),
    ("Prep texts and an email go out through the official SDKs", _prepared),
    ("Delivery receipts come back, signed", _delivered),
    ("A moved visit supersedes its old texts", _moved),
    ("The check-in counts from the actual end of the infusion", _completed),
    ("A red flag is answered at once and paged with a due time", _red_flag),
    ("STOP is obeyed", _stopped),
    ("A home dose is logged by text", _dosed),
    ("Staff launch a campaign", _campaigned),
    ("A cancelled visit's texts never leave", _cancelled),
    ("A booking dated in the past texts nobody", _past),
    ("Our database and the carrier's record agree", _agree),
)


def prove(theatre: Theatre) -> list[tuple[str, str | None, str]]:
    """(chapter, evidence or None, what failed) of every chapter."""
    record = theatre.carrier("record")
    found: list[tuple[str, str | None, str]] = []
    with theatre.world.db.read() as unit:
        see = Evidence(unit, record["messages"])
        for title, check in CHAPTERS:
            try:
                found.append((title, check(see), ""))
            except ChapterFailed as failure:
                found.append((title, None, str(failure)))
    return found

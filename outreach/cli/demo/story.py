"""The story: what happens in the clinic's fortnight, beat by beat, in the clinic's local time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from outreach.cli.demo.theatre import Theatre
from outreach.domain.states import ChannelKind, FollowUpStatus, MessageStatus, Priority

ZONE = ZoneInfo("America/New_York")
MIRA, TOBIAS, TOMASZ = "+12025550123", "+12025550124", "+12025550134"
IGNATIUS, ORLA, LUZ = "+12025550156", "+12025550161", "+12025550162"
NURSE = "+12025550199"
CAST = {
    MIRA: ("Mira Quillfeather", "mira.q@example.org"),
    TOBIAS: ("Tobias Marrowmere", "tobias.m@example.org"),
    TOMASZ: ("Tomasz Brambleby", ""),
    IGNATIUS: ("Ignatius Featherlow", ""),
    ORLA: ("Orla Wimpleton", ""),
    LUZ: ("Luz Pemberwick", ""),
    NURSE: ("Charge nurse (staff)", "nurses@cedar-grove.example.org"),
}
RED_FLAG = "3 bad headache and my neck is stiff"
TOKEN = "demo-hours"  # noqa: S105 - names a launch


def at(day: int, clock: str) -> datetime:
    """A moment of the fortnight: day of March 2027 and the clinic's wall-clock time."""
    hour, minute = clock.split(":")
    return datetime(2027, 3, day, int(hour), int(minute), tzinfo=ZONE).astimezone(UTC)


BEGIN, END = at(1, "9:00"), at(15, "12:00")


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing that happens, when, and how it is told."""

    when: datetime
    told: str
    play: Callable[[Theatre], None]


def _feed(day: int, clock: str, name: str, told: str) -> Beat:
    return Beat(at(day, clock), told, lambda theatre: theatre.feed(name))


def _text(day: int, clock: str, phone: str, body: str) -> Beat:
    who = CAST[phone][0]
    return Beat(at(day, clock), f'{who} texts "{body}".', lambda stage: stage.text(phone, body))


def beats() -> list[Beat]:
    """The whole story in order of time."""
    return sorted(
        [
            _feed(1, "9:05", "01_siu_s12_visit.hl7", "HL7 SIU^S12: Mira is booked for Tuesday."),
            _feed(1, "9:10", "02_fhir_appointment.json", "FHIR Appointment: Tobias is booked."),
            _feed(1, "9:12", "03_regimen_prescribed.json", "Ignatius will dose at home."),
            _feed(1, "9:15", "04_siu_s12_later_cancelled.hl7", "HL7 SIU^S12: Orla is booked."),
            _feed(1, "9:20", "05_siu_s12_past.hl7", "HL7 SIU^S12 for a visit weeks ago: Tomasz."),
            _feed(1, "9:25", "06_booked_in_another_zone.json", "Luz is booked at Lakeside."),
            Beat(at(1, "10:00"), "Two patients ask for clinic news on paper forms.", _opt_in),
            _feed(3, "9:00", "07_siu_s13_moved.hl7", "HL7 SIU^S13: Mira's visit moves."),
            _text(3, "11:30", MIRA, "C"),
            _text(4, "10:15", IGNATIUS, "DONE 20 4 ABD LOT EX4471"),
            _feed(4, "16:00", "08_siu_s15_cancelled.hl7", "HL7 SIU^S15: Orla's visit is off."),
            _text(5, "9:40", TOBIAS, "STOP"),
            Beat(at(8, "12:00"), "Staff launch a campaign from the command line.", _campaign),
            _feed(10, "15:30", "09_infusion_completed.json", "Mira's infusion ended at 15:25."),
            _text(11, "16:00", MIRA, RED_FLAG),
            Beat(at(11, "16:03"), "The charge nurse takes the urgent item.", _acknowledge),
            Beat(at(11, "16:20"), "She has reached Mira, and closes it.", _close),
            Beat(END, "The fortnight is over.", _last_receipts),
        ],
        key=lambda beat: beat.when,
    )


def set_the_scene(theatre: Theatre) -> None:
    """Gives every phone its owner's name on the phones page; calls to staff find somebody there."""
    for phone, (name, email) in CAST.items():
        theatre.carrier("patients", {"phone": phone, "name": name, "email": email})
    for person in theatre.world.roster.now().people.values():
        for way in person.reach:
            if way.channel is ChannelKind.VOICE:
                theatre.carrier("calls", {"phone": way.address, "manner": "listen"})


def _opt_in(theatre: Theatre) -> None:
    for phone in (IGNATIUS, LUZ):
        theatre.outreach("consent", "opt-in", phone, "--by", "Dana, front desk")


def _campaign(theatre: Theatre) -> None:
    theatre.outreach(
        "campaign",
        "launch",
        "Shorter hours",
        *("--template", "campaign_hours"),
        *("--token", TOKEN),
        *("--by", "Dana, front desk"),
        *("--field", "when=3/19"),
        *("--field", "hours=8-12"),
    )
    theatre.rest()


def _acknowledge(theatre: Theatre) -> None:
    for code in _urgent(theatre, FollowUpStatus.OPEN):
        theatre.outreach("followups", "ack", code, "--by", "Charge nurse")


def _close(theatre: Theatre) -> None:
    for code in _urgent(theatre, FollowUpStatus.ACKNOWLEDGED):
        reached = ("--by", "Charge nurse", "--outcome", "Reached by phone; seen by a doctor today.")
        theatre.outreach("followups", "close", code, *reached)


def _urgent(theatre: Theatre, status: FollowUpStatus) -> list[str]:
    with theatre.world.db.read() as unit:
        items = unit.followups.worklist()
    return [
        item.code for item in items if item.priority is Priority.URGENT and item.status is status
    ]


def _last_receipts(theatre: Theatre) -> None:
    theatre.until(
        lambda: not _awaiting_receipts(theatre), "the last delivery receipts to be applied"
    )


def _awaiting_receipts(theatre: Theatre) -> bool:
    with theatre.world.db.read() as unit:
        return unit.messages.any_with(
            {MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.QUEUED}
        )

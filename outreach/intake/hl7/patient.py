"""PID, with NK1 and GT1 for children: who the patient is and how to reach them."""

import re
from datetime import date, datetime

from outreach.domain.errors import BadInput
from outreach.domain.events import ContactRole, Identifier, PatientData, Telecom
from outreach.domain.people import is_minor
from outreach.intake.guardians import contact_role
from outreach.intake.hl7.message import Message, Segment
from outreach.intake.hl7.times import hl7_day
from outreach.intake.interface import Arrival, InterfaceSettings
from outreach.intake.languages import language_tag
from outreach.intake.telecoms import distinct

_RECORD_NUMBER = frozenset({"MR", "MRN", "PI", "PT", "PE", "PN", "EPI", "MPI", "EMPI", "CMRN"})
_NOT_OURS = frozenset(
    {"SS", "SSN", "SB", "DL", "PPN", "AN", "ANON", "VN", "VISITID", "XX", "BC", "BCT", "MC", "MA"}
)
"""Identifier types that name no patient record: licences, accounts, insurance, social security."""

_OTHER_NAMES = frozenset({"A", "M", "N", "S", "BAD", "NOUSE", "TEMP", "P", "NB"})
"""Name types (table 0200) used only when there is no other: alias, maiden, nickname, pseudonym."""

_MOBILE_WORDS = frozenset({"CP", "CELL", "MOBILE", "MOB", "ORN", "PRS", "CELLULAR"})
_NOT_FOR_PEOPLE = frozenset({"FX", "FAX", "BP", "MD", "SAT", "BPN", "FAXNUM"})
_FIXED_WORDS = frozenset({"WPN", "WORK", "BUSINESS", "TDD", "TTY"})
_DIGITS = re.compile(r"\d")


def identifiers(
    message: Message, segment: Segment | None, field: int, settings: InterfaceSettings
) -> tuple[Identifier, ...]:
    """The record numbers of a CX field, those typed as such first, each under its authority."""
    first: list[Identifier] = []
    others: list[Identifier] = []
    for repetition in message.repetitions(segment, field):
        value, _, _, authority, kind = message.values(repetition, 5)
        kind = kind.upper()
        if not value or kind in _NOT_OURS:
            continue
        system = (
            authority or _authority_oid(message, repetition) or default_authority(message, settings)
        )
        found = Identifier(system, value)
        if found not in first and found not in others:
            (first if kind in _RECORD_NUMBER else others).append(found)
    return (*first, *others)


def default_authority(message: Message, settings: InterfaceSettings) -> str:
    """Who issues numbers that name no issuer: the interface's setting, else MSH-4, else MSH-3."""
    header = message.first("MSH")
    return settings.authority or message.value(header, 4) or message.value(header, 3) or "hl7"


def _authority_oid(message: Message, repetition: str) -> str:
    parts = repetition.split(message.component_mark, 4)
    subparts = parts[3].split(message.subcomponent_mark, 2) if len(parts) > 3 else []
    return message.text(subparts[1]) if len(subparts) > 1 else ""


def patient_data(
    message: Message, pid: Segment | None, arrival: Arrival, seen_at: datetime
) -> PatientData:
    """What PID says, and NK1/GT1 for a child.

    Raises:
        BadInput: 100 without PID, 101 without an identifier that names a patient.
    """
    if pid is None:
        raise BadInput("100", "PID segment is missing")
    settings = arrival.settings
    ids = identifiers(message, pid, 3, settings)
    if not ids:
        ids = identifiers(message, pid, 2, settings) or identifiers(message, pid, 4, settings)
        if not ids:
            raise BadInput("101", "PID-3: no patient identifier")
        message.notes.append("PID-3: empty; the older PID-2 or PID-4 was taken")
    family, given = _name(message, pid)
    born = _birth_date(message, pid)
    telecoms = _telecoms(message, pid)
    minor = is_minor(born, seen_at.date(), arrival.majority)
    guardians = _guardian_telecoms(message, minor)
    if guardians:
        telecoms = (*(telecoms or ()), *guardians)
    return PatientData(
        identifiers=ids,
        family=family,
        given=given,
        birth_date=born,
        telecoms=_ranked(telecoms),
        language=_language(message, pid),
        postal_code=message.value(pid, 11, 5) or None,
        deceased=_deceased(message, pid),
    )


def _name(message: Message, pid: Segment) -> tuple[str | None, str | None]:
    """Family and first given name of the best repetition of PID-5."""
    spare: tuple[str | None, str | None] = (None, None)
    for repetition in message.repetitions(pid, 5):
        family, given, _, _, _, _, kind = message.values(repetition, 7)
        if not family and not given:
            continue
        if kind.upper() not in _OTHER_NAMES:
            return family or None, given or None
        if spare == (None, None):
            spare = family or None, given or None
    return spare


def _birth_date(message: Message, pid: Segment) -> date | None:
    text = message.value(pid, 7)
    day = hl7_day(text)
    if text and day is None:
        message.notes.append("PID-7: birth date is not a full date; left out")
    return day


def _language(message: Message, pid: Segment) -> str | None:
    for repetition in message.repetitions(pid, 15)[:1]:
        for word in message.values(repetition, 5):
            tag = language_tag(word)
            if tag is not None:
                return tag
        message.notes.append("PID-15: language is not known; left out")
    return None


def _deceased(message: Message, pid: Segment) -> bool | None:
    """PID-30 decides; PID-29 alone (a time of death) means yes."""
    flag = message.value(pid, 30).upper()
    if flag in ("Y", "YES", "TRUE", "1"):
        return True
    if message.value(pid, 29) and flag not in ("N", "NO", "FALSE", "0"):
        return True
    if flag or message.is_deleted(pid, 30) or message.is_deleted(pid, 29):
        return False
    return None


def _telecoms(message: Message, pid: Segment) -> tuple[Telecom, ...] | None:
    """PID-13, PID-14 and PID-40; None when they say nothing, empty when all say ``""``."""
    found: list[Telecom] = []
    for field in (13, 14, 40):
        for repetition in message.repetitions(pid, field):
            found += _telecom(message, repetition, fixed=field == 14)
    if found:
        return tuple(found)
    deleted = message.is_deleted(pid, 13) and not message.repetitions(pid, 14)
    return () if deleted else None


def _telecom(
    message: Message,
    repetition: str,
    *,
    fixed: bool = False,
    role: ContactRole = ContactRole.SELF,
) -> list[Telecom]:
    """The phone and the mailbox one XTN holds: none, either, or both."""
    parts = message.values(repetition, 12)
    use, equipment = parts[1].upper(), parts[2].upper()
    mailbox = next((part for part in (parts[3], parts[0], parts[11]) if "@" in part), "")
    found = [Telecom(mailbox, "email", role=role)] if mailbox else []
    number = _number(parts)
    if equipment in ("INTERNET", "X.400") or {use, equipment} & _NOT_FOR_PEOPLE or not number:
        return found
    mobile = True if {use, equipment} & _MOBILE_WORDS else None
    if mobile is None and (fixed or {use, equipment} & _FIXED_WORDS):
        mobile = False
    return [Telecom(number, "phone", mobile, role), *found]


def _number(parts: list[str]) -> str:
    """XTN.12, else country, area and local number, else the old text in XTN.1."""
    if _DIGITS.search(parts[11]):
        return parts[11]
    country, area, local = parts[4:7]
    if _DIGITS.search(local):
        country = f"+{country.lstrip('+')}" if country else ""
        return " ".join(part for part in (country, area, local) if part)
    return parts[0] if _DIGITS.search(parts[0]) and "@" not in parts[0] else ""


def _guardian_telecoms(message: Message, minor: bool) -> tuple[Telecom, ...]:
    """Phones and mailboxes of a child's parent or guardian (see ``guardians``)."""
    found: list[Telecom] = []
    for name, relation, fields in (("NK1", 3, (5, 6, 40)), ("GT1", 11, (6, 7))):
        for segment in message.every(name):
            role = contact_role(tuple(_words(message, segment, relation)), minor=minor)
            if role is None:
                continue
            for field in fields:
                for repetition in message.repetitions(segment, field):
                    found += _telecom(message, repetition, role=role)
    return tuple(found)


def _words(message: Message, segment: Segment, field: int) -> list[str]:
    return [
        word for part in message.repetitions(segment, field)[:2] for word in message.values(part, 2)
    ]


def _ranked(telecoms: tuple[Telecom, ...] | None) -> tuple[Telecom, ...] | None:
    """The patient's own before anybody else's, mobiles before the rest; doubles left out."""
    if not telecoms:
        return telecoms
    order = sorted(
        distinct(telecoms),
        key=lambda one: (one.role is not ContactRole.SELF, _reachable(one)),
    )
    return tuple(
        Telecom(one.value, one.kind, one.mobile, one.role, rank) for rank, one in enumerate(order)
    )


def _reachable(one: Telecom) -> int:
    return {True: 0, None: 1, False: 2}[one.mobile]

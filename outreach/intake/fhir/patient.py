"""Patient resources: who they are, how to reach them, and which record they were merged into."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import ContactRole, EventKind, Identifier, PatientData, Telecom
from outreach.domain.people import is_minor
from outreach.intake.fhir.scope import Scope, concept_words, typed_id
from outreach.intake.guardians import contact_role
from outreach.intake.json_fields import Json, child, children, flag, text, texts, unique
from outreach.intake.languages import language_tag
from outreach.intake.local_time import NotATime, iso_moment
from outreach.intake.telecoms import ranked

_RECORD_NUMBER = frozenset({"MR", "MRT", "PI", "PT"})
_NOT_OURS = frozenset({"SS", "SB", "DL", "PPN", "AN", "VN", "MC", "MA"})
_NOT_OURS_SYSTEMS = frozenset(
    {"http://hl7.org/fhir/sid/us-ssn", "http://hl7.org/fhir/sid/us-medicare"}
)
_NAME_ORDER = ("official", "usual", "", "temp", "nickname", "anonymous", "old", "maiden")
_UNRANKED = 10_000
UTC_ZONE = ZoneInfo("UTC")


def patient_of(scope: Scope, reference: Json) -> PatientData:
    """The patient a Reference means, in full when the resource is at hand.

    Raises:
        BadInput: ``required`` when nothing identifies them.
    """
    resource = scope.resolve(reference)
    named = scope.identifiers_of(reference, "Patient")
    if text(resource, "resourceType") == "Patient":
        contained = text(reference, "reference").startswith("#")
        data = patient_data(scope, resource, contained=contained)
        ids = unique([*data.identifiers, *named])
        lasting = tuple(one for one in ids if not one.value.startswith("urn:uuid:"))
        return replace(data, identifiers=_found(lasting or ids))
    family, given = _from_display(text(reference, "display"))
    return PatientData(_found(unique(named)), family, given)


def _found(ids: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    if not ids:
        raise BadInput("required", "no patient identifier")
    return ids


def _from_display(display: str) -> tuple[str | None, str | None]:
    """``Family, Given`` of a Reference's label; other orders are not guessed."""
    family, comma, given = display.partition(",")
    if not comma or "," in given or not family.strip() or not given.strip():
        return None, None
    return family.strip(), given.split()[0]


def patient_data(scope: Scope, resource: Json, *, contained: bool = False) -> PatientData:
    """What a Patient resource says; ``identifiers`` may be empty and must be checked."""
    born = _day(text(resource, "birthDate"))
    minor = is_minor(born, scope.arrival.received_at.date(), scope.arrival.majority)
    family, given = _name(scope, resource)
    return PatientData(
        identifiers=_identifiers(scope, resource, contained=contained),
        family=family,
        given=given,
        birth_date=born,
        telecoms=_telecoms(scope, resource, minor=minor),
        language=_language(resource),
        postal_code=next(
            (code for one in children(resource, "address") if (code := text(one, "postalCode"))),
            None,
        ),
        deceased=_deceased(resource),
        active=flag(resource, "active"),
    )


def patient_change(scope: Scope) -> tuple[EventKind, PatientData, tuple[Identifier, ...]]:
    """What a Patient resource that arrived on its own tells: (kind, patient, prior identifiers).

    A ``replaced-by`` link ends this record, a ``replaces`` link ends the other one.

    Raises:
        BadInput: ``required`` without identifiers; ``invariant`` for a merge with itself.
    """
    resource = scope.resource
    patient = patient_data(scope, resource)
    _found(patient.identifiers)
    for link in children(resource, "link"):
        other = child(link, "other")
        if text(link, "type") == "replaced-by":
            survivor = patient_of(scope, other)
            return EventKind.PATIENT_MERGED, survivor, _ended(patient.identifiers, survivor)
    replaced = [
        one
        for link in children(resource, "link")
        if text(link, "type") == "replaces"
        for one in patient_of(scope, child(link, "other")).identifiers
    ]
    if replaced:
        return EventKind.PATIENT_MERGED, patient, _ended(unique(replaced), patient)
    kind = EventKind.PATIENT_DECEASED if patient.deceased else EventKind.PATIENT_UPDATED
    return kind, patient, ()


def _ended(prior: tuple[Identifier, ...], survivor: PatientData) -> tuple[Identifier, ...]:
    ended = tuple(one for one in prior if one not in survivor.identifiers)
    if not ended:
        raise BadInput("invariant", "Patient.link: the record is linked to itself")
    return ended


def _identifiers(scope: Scope, resource: Json, *, contained: bool) -> tuple[Identifier, ...]:
    first: list[Identifier] = []
    others: list[Identifier] = []
    for one in children(resource, "identifier"):
        value, system = text(one, "value"), text(one, "system")
        codes = {word.upper() for word in concept_words(child(one, "type"))}
        outdated = text(one, "use") == "old" or _expired(scope, child(one, "period"))
        if not value or codes & _NOT_OURS or system in _NOT_OURS_SYSTEMS or outdated:
            continue
        (first if codes & _RECORD_NUMBER else others).append(
            Identifier(system or scope.authority, value)
        )
    logical = text(resource, "id")
    if logical and not contained:
        others.append(Identifier(scope.local_system("Patient"), logical))
    return unique([*first, *others])


def _name(scope: Scope, resource: Json) -> tuple[str | None, str | None]:
    """Family and first given name, of the most official name that is still in use."""
    names = [one for one in children(resource, "name") if not _expired(scope, child(one, "period"))]
    names = names or children(resource, "name")
    names.sort(
        key=lambda one: _NAME_ORDER.index(use) if (use := text(one, "use")) in _NAME_ORDER else 2
    )
    for name in names:
        family, given = text(name, "family"), texts(name, "given")
        if family or given:
            return family or None, given[0] if given else None
    for name in names:
        words = text(name, "text").split()
        if words:
            by_comma = _from_display(text(name, "text"))
            return by_comma if by_comma[0] else (words[-1], words[0] if len(words) > 1 else None)
    return None, None


def _language(resource: Json) -> str | None:
    spoken = children(resource, "communication")
    spoken.sort(key=lambda one: flag(one, "preferred") is not True)
    for one in spoken:
        concept = child(one, "language")
        codes = [text(coding, "code") for coding in children(concept, "coding")]
        for word in (*codes, *concept_words(concept)):
            if tag := language_tag(word):
                return tag
    return None


def _deceased(resource: Json) -> bool | None:
    return True if text(resource, "deceasedDateTime") else flag(resource, "deceasedBoolean")


def _telecoms(scope: Scope, resource: Json, *, minor: bool) -> tuple[Telecom, ...] | None:
    """The patient's own by rank, then (for a child) a parent's or guardian's; None if not said."""
    if "telecom" not in resource and "contact" not in resource:
        return None
    found = _own(scope, resource, ContactRole.SELF)
    for contact in children(resource, "contact"):
        words = [word for one in children(contact, "relationship") for word in concept_words(one)]
        role = contact_role(tuple(words), minor=minor)
        if role is not None and not _expired(scope, child(contact, "period")):
            found += _own(scope, contact, role)
    if not found and "telecom" not in resource:
        return None
    return ranked(found)


def _own(scope: Scope, holder: Json, role: ContactRole) -> list[Telecom]:
    ranked: list[tuple[float, int, Telecom]] = []
    for one in children(holder, "telecom"):
        value, system, use = text(one, "value"), text(one, "system"), text(one, "use")
        if not value or use == "old" or _expired(scope, child(one, "period")):
            continue
        if system == "email" or (not system and "@" in value):
            if "@" not in value:
                continue
            found = Telecom(value.removeprefix("mailto:"), "email", role=role)
        elif system in ("phone", "sms", ""):
            mobile = (
                True if use == "mobile" or system == "sms" else False if use == "work" else None
            )
            found = Telecom(value.removeprefix("tel:"), "phone", mobile, role)
        else:
            continue
        order = {True: 0, None: 1, False: 2}[found.mobile]
        ranked.append((_rank(one), order, found))
    ranked.sort(key=lambda entry: entry[:2])
    return [found for _, _, found in ranked]


def _rank(telecom: Json) -> float:
    rank = telecom.get("rank")
    valid = isinstance(rank, int) and not isinstance(rank, bool) and 0 < rank < _UNRANKED
    return float(rank) if valid and isinstance(rank, int) else _UNRANKED


def _expired(scope: Scope, period: Json) -> bool:
    """True when the period had ended on arrival; a year or month means its beginning."""
    end = _partial(text(period, "end"))
    return end is not None and end < scope.arrival.received_at


def _partial(written: str) -> datetime | None:
    """A FHIR date that may lack its day, as the first instant after it; None when it is none."""
    if len(written) == 4:
        written = f"{written}-12-31"
    elif len(written) == 7:
        written = f"{written}-28"
    try:
        moment = iso_moment(written, UTC_ZONE)
    except NotATime:
        return None
    return moment.at.replace(hour=23, minute=59) if moment.date_only else moment.at


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written[:10]) if len(written) >= 10 else None
    except ValueError:
        return None


def is_patient(reference: Json, resolved: Json) -> bool:
    """True when a Reference means a patient."""
    if text(resolved, "resourceType"):
        return text(resolved, "resourceType") == "Patient"
    named = typed_id(text(reference, "reference"))[0]
    return named == "Patient" or (not named and text(reference, "type") == "Patient")

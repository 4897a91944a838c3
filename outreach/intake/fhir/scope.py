"""What surrounds one FHIR resource: its Bundle, its contained resources, and references to both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import Identifier
from outreach.intake.interface import Arrival
from outreach.intake.json_fields import Json, child, children, text
from outreach.intake.local_time import Moment, NotATime, doubt_note, iso_moment
from outreach.intake.text import clean


@dataclass(frozen=True, slots=True)
class Scope:
    """One resource with all it may refer to. ``notes`` collects what had to be forgiven."""

    resource: Json
    arrival: Arrival
    neighbours: Mapping[str, Json] = field(default_factory=dict)
    """The other resources of the Bundle by full URL and by ``Type/id``."""
    notes: list[str] = field(default_factory=list)
    used: dict[str, Json] = field(default_factory=dict)
    """The neighbours that were read, by the reference that led to them."""

    @property
    def kind(self) -> str:
        """``resourceType``."""
        return text(self.resource, "resourceType")

    def local_system(self, kind: str) -> str:
        """The system of logical ids of ``kind``: they are unique within one source only."""
        return f"{self.arrival.source}/{kind}"

    def resolve(self, reference: Json) -> Json:
        """The resource a Reference points at, when it is contained or in the same Bundle."""
        target = text(reference, "reference")
        if target.startswith("#"):
            for one in children(self.resource, "contained"):
                if text(one, "id") == target[1:]:
                    return one
            return {}
        if not target:
            return {}
        known = self.neighbours.get(target)
        if known is None:
            known = self.neighbours.get("/".join(typed_id(target)))
        if known:
            self.used[target] = known
        return known or {}

    def identifiers_of(self, reference: Json, kind: str) -> list[Identifier]:
        """All names a Reference gives the thing: business identifiers first, logical id last."""
        found = [
            Identifier(text(one, "system") or self.authority, text(one, "value"))
            for one in (child(reference, "identifier"),)
            if text(one, "value")
        ]
        target = text(reference, "reference")
        if target.startswith("#"):
            return found
        named, logical = typed_id(target)
        if logical and named in ("", kind):
            found.append(Identifier(self.local_system(kind), logical))
        return found

    @property
    def authority(self) -> str:
        """Who issues identifiers that name no system."""
        return self.arrival.settings.authority or self.arrival.source

    def moment(self, holder: Json, key: str, zone: ZoneInfo, place: str) -> Moment | None:
        """The time at ``key``; None when there is none.

        Raises:
            BadInput: ``value`` when it is no time, or a day that does not exist.
        """
        written = text(holder, key)
        if not written:
            return None
        try:
            found = iso_moment(written, zone)
        except NotATime:
            raise BadInput("value", f"{place}: not a date and time that exists") from None
        if found.zone_assumed and not found.date_only:
            self.notes.append(f"{place}: no offset; the site's time zone was taken")
        if note := doubt_note(found, place):
            self.notes.append(note)
        return found

    def occurred_at(self) -> datetime:
        """``meta.lastUpdated`` in UTC, else the arrival."""
        written = text(child(self.resource, "meta"), "lastUpdated")
        try:
            return iso_moment(written, self.arrival.default_zone).at
        except NotATime:
            return self.arrival.received_at


def typed_id(reference: str) -> tuple[str, str]:
    """``(Type, id)`` of a relative or absolute reference, with or without ``/_history/n``.

    ``urn:uuid:x`` has no type: ``("", "urn:uuid:x")``. Neither part is ever fetched.
    """
    if reference.startswith("urn:"):
        return "", reference
    parts = reference.partition("?")[0].partition("#")[0].split("/")
    if len(parts) >= 4 and parts[-2] == "_history":
        parts = parts[:-2]
    if len(parts) < 2:
        return "", parts[0] if parts else ""
    return parts[-2], parts[-1]


def concept_text(concept: Json) -> str:
    """A CodeableConcept's own text, else its first display, else its first code."""
    codings = children(concept, "coding")
    for found in (
        text(concept, "text"),
        *(text(coding, "display") for coding in codings),
        *(text(coding, "code") for coding in codings),
    ):
        if found:
            return found
    return ""


def concept_words(concept: Json) -> tuple[str, ...]:
    """Every code and name of a CodeableConcept, to be looked up in a table."""
    codings = children(concept, "coding")
    words = [text(concept, "text")]
    words += [text(coding, key) for coding in codings for key in ("code", "display")]
    return tuple(clean(word) for word in words if word)

"""What the lines of a scenario mean beside each other: names, numbers and places people make up.

A scenario is written by hand, for a clinic and people who do not exist. What is plain to a reader
of the whole file is made plain to the pipeline here; the pipeline itself forgives no more for it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from outreach.domain.clinic import Clinic
from outreach.intake.native_names import with_published_names
from outreach.simulation.scenario import Line

Note = Callable[[str], None]
"""Tells whoever plays the scenario what was taken otherwise than it was written."""

_PLACES = ("patient", "appointment", "regimen")
_IDS = ("ids", "id", "mrn")
_FICTION = re.compile(r"(?:\+?1)?[\s.(-]*555[\s.)-]*(\d{3})[\s.-]*(\d{4})|555[\s.-]?(\d{4})")
"""Area code 555, or no area code and 555: numbers as in films, which no network has."""


def made_plain(lines: Sequence[Line], note: Note) -> list[Line]:
    """The lines with their events under published names, made-up numbers with stand-ins for them,
    and names without a system given the only one that the scenario has for them."""
    numbers, unnamed = _Numbers(note), _Unnamed()
    plain = []
    for line in lines:
        details = numbers.in_details(line.details)
        if line.verb == "event" and isinstance(details.get("type"), str):
            details = with_published_names(_with_objects(details))
            unnamed.name(details)
        plain.append(replace(line, details=details))
    _name_systems([line.details for line in plain if line.verb == "event"])
    return plain


def _with_objects(event: dict[str, Any]) -> dict[str, Any]:
    """What is named by its identifier alone, as ``"patient": "P1"`` or ``"patient_id": "P1"``."""
    found = dict(event)
    for place in _PLACES:
        holder = found.get(place)
        if isinstance(holder, str | int) and not isinstance(holder, bool):
            found[place] = {"id": holder}
        elif place not in found and f"{place}_id" in found:
            found[place] = {"id": found.pop(f"{place}_id")}
        elif isinstance(holder, dict):
            found[place] = dict(holder)
    return found


class _Unnamed:
    """Visits and schedules without an identifier: a booking is a new one, all else is about the
    last of this patient."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], str] = {}

    def name(self, event: dict[str, Any]) -> None:
        """Gives what the event is about an identifier, where it has none."""
        patient = next((str(one.get("value")) for one in _entries(event.get("patient"), _IDS)), "")
        kind = str(event["type"])
        about = "regimen" if kind.startswith("regimen.") else "appointment"
        if not kind.startswith(("appointment.", "infusion.", "regimen.")) or not patient:
            return
        holder = event.setdefault(about, {})
        if not isinstance(holder, dict):
            return
        named = next((str(one.get("value")) for one in _entries(holder, _IDS)), None)
        if named is None:
            new = f"{about} of {patient}, {holder.get('start', '')}"
            known = self._last.get((about, patient))
            named = new if known is None or kind == "appointment.booked" else known
            holder["id"] = [{"value": named}]
        self._last[about, patient] = named


class _Numbers:
    """Stand-ins, toll-free ones, which tell no place: such a number could not be texted."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._known: dict[str, str] = {}

    def in_details(self, details: dict[str, Any]) -> dict[str, Any]:
        """The details of a line with every made-up number replaced; texts are left alone."""
        return {
            key: value if key in {"body", "text", "raw", "fields"} else self._in(value)
            for key, value in details.items()
        }

    def _in(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._in(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self._in(part) for part in value]
        return self._instead_of(value) if isinstance(value, str) else value

    def _instead_of(self, text: str) -> str:
        match = _FICTION.fullmatch(text.strip())
        if match is None:
            return text
        name = "".join(part for part in match.groups() if part)
        if name not in self._known:
            self._known[name] = f"+1888555{len(self._known):04d}"
            self._note(
                f"{text.strip()} is a number that no network has; one that tells no place "
                "stands in for it."
            )
        return self._known[name]


def _name_systems(events: Iterable[dict[str, Any]]) -> None:
    """A name without a system is the one that has a system elsewhere in the file, if only one."""
    found = list(events)
    systems: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in found:
        for place, entry in _names(event):
            if entry.get("system"):
                systems[place, str(entry.get("value"))].add(str(entry["system"]))
    for event in found:
        for place, entry in _names(event):
            known = systems.get((place, str(entry.get("value"))), set())
            if not entry.get("system") and len(known) == 1:
                entry["system"] = next(iter(known))


def _names(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every identifier with what it names; written out as objects, so that they can be added to."""
    for place in _PLACES:
        yield from ((place, entry) for entry in _entries(event.get(place), _IDS))
    merge = event.get("merge")
    for holder in (event, merge):
        yield from (("patient", entry) for entry in _entries(holder, ("prior_ids", "prior_id")))


def _entries(holder: Any, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Identifiers as objects, written back as such, so that they can be added to."""
    found: list[dict[str, Any]] = []
    for key in keys if isinstance(holder, dict) else ():
        if holder.get(key) is not None:
            written = holder[key] if isinstance(holder[key], list) else [holder[key]]
            holder[key] = [one if isinstance(one, dict) else {"value": one} for one in written]
            found += holder[key]
    return found


def with_places_of(clinic: Clinic, lines: Iterable[Line], note: Note) -> Clinic:
    """The clinic with the places of a scenario that it does not know taken for its default site.

    Only for a clinic that lives in one zone as a whole: there no time can be read wrongly by it.
    """
    site = clinic.site_named(None)
    if site is None:
        return clinic
    unknown: set[str] = set()
    for line in lines:
        visit = line.details.get("appointment") if line.verb == "event" else None
        for place in _places(visit if isinstance(visit, dict) else {}):
            if place.casefold() not in unknown and clinic.site_named(place) is None:
                unknown.add(place.casefold())
                note(f"Line {line.number}: clinic.yaml has no such place; {site.name} stands in.")
    sites = [
        replace(one, aliases=one.aliases | unknown) if one.code == site.code else one
        for one in clinic.sites
    ]
    return replace(clinic, sites=tuple(sites))


def _places(visit: dict[str, Any]) -> list[str]:
    written = (visit.get("location"), visit.get("site"))
    return [text.strip() for text in written if isinstance(text, str) and text.strip()]

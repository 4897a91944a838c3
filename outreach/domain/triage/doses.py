"""What a patient tells of a home dose: DONE, LATE or SKIP, and what stands beside it.

``DONE 20 4 ABD LOT123`` in any order. What is written is kept as it is written: nothing is put
right, worked out or left away here; ``home_doses`` says what a nurse should ask about.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from outreach.domain.triage.dose_answers import DoseAnswer, answer_about_dose
from outreach.domain.triage.dose_marks import read_marks
from outreach.domain.triage.dose_words import (
    AREAS,
    BEFORE_A_PLACE,
    BOTH,
    EACH,
    LEFT,
    MASS_UNITS,
    ODD_AREAS,
    OTHER_UNITS,
    RIGHT,
    SITE_WORDS,
    SPELT,
    VOLUME_UNITS,
)
from outreach.domain.triage.folding import number_in, pieces, split_number

_IN = frozenset({"in", "on", "into", "en"})
_YESTERDAY = frozenset({"yesterday", "ayer", "anoche"})
MOST_SITES = 12
"""A number up to this may count needle sites; larger ones are volumes."""
_MOST = 10_000
"""A larger number is no volume, whatever it is."""


@dataclass(frozen=True, slots=True)
class DoseReport:
    """A home dose as the patient reported it; None for what was not said."""

    answer: str | None
    """``done``, ``late`` or ``skip``; None where only details were written."""
    volume_ml: float | None = None
    sites: float | None = None
    """How many, as written: half a site is a slip that a nurse asks about."""
    areas: tuple[str, ...] = ()
    """Body areas in plain words, with a side where it was said: ``abdomen``, ``left thigh``."""
    odd_areas: tuple[str, ...] = ()
    """Places where no home dose belongs, as written."""
    lots: tuple[str, ...] = ()
    """As printed on the vials, in capitals."""
    expiry: str | None = None
    """As written, in capitals."""
    clock: str | None = None
    """``20:15``, or ``8:30?`` where the half of the day was not said."""
    yesterday: bool = False
    was_late: bool = False
    """The patient calls it late, although it is done."""
    grams: float | None = None
    """Where an amount was written instead of a volume."""
    per_site: bool = False
    """The volume is that of each site."""
    reactions: tuple[str, ...] = ()
    """Concepts of triage that stand beside it, never the patient's words."""

    @property
    def has_details(self) -> bool:
        """Whether it says more than that the dose was or was not taken."""
        numbers = (self.volume_ml, self.sites, self.grams, self.expiry)
        return any(one is not None for one in numbers) or bool(
            self.areas or self.odd_areas or self.lots
        )

    def as_json(self) -> dict[str, Any]:
        """What was said, without what was not."""
        found = {}
        for key, value in asdict(self).items():
            if value is not None and value is not False and value != ():
                found[key] = list(value) if isinstance(value, tuple) else value
        return found


def report_from_json(stored: dict[str, Any]) -> DoseReport:
    """The report that ``as_json`` gave; also one of the time when a dose had one lot alone."""
    values = {
        field.name: stored[field.name] for field in fields(DoseReport) if field.name in stored
    }
    for key, value in values.items():
        if isinstance(value, list):
            values[key] = tuple(value)
    if "lots" not in values and stored.get("lot"):
        values["lots"] = (str(stored["lot"]),)
    values.setdefault("answer", None)
    return DoseReport(**values)


def combined(reports: Sequence[DoseReport]) -> DoseReport | None:
    """Several reports of one dose, oldest first, as one: each adds to those before it.

    The latest word counts where they differ; LATE after DONE does not take the dose back.
    """
    whole: DoseReport | None = None
    for report in reports:
        whole = report if whole is None else _added(whole, report)
    return whole


def _added(before: DoseReport, after: DoseReport) -> DoseReport:
    answer = after.answer or before.answer
    if before.answer == "done" and after.answer == "late":
        answer = "done"
    late_then_done = before.answer == "late" and after.answer == "done"
    return DoseReport(
        answer=answer,
        volume_ml=before.volume_ml if after.volume_ml is None else after.volume_ml,
        sites=before.sites if after.sites is None else after.sites,
        areas=tuple(dict.fromkeys((*before.areas, *after.areas))),
        odd_areas=tuple(dict.fromkeys((*before.odd_areas, *after.odd_areas))),
        lots=tuple(dict.fromkeys((*before.lots, *after.lots))),
        expiry=after.expiry or before.expiry,
        clock=after.clock or before.clock,
        yesterday=after.yesterday if after.clock else before.yesterday or after.yesterday,
        was_late=before.was_late or after.was_late or late_then_done,
        grams=before.grams if after.grams is None else after.grams,
        per_site=before.per_site or after.per_site,
        reactions=tuple(dict.fromkeys((*before.reactions, *after.reactions))),
    )


def read_dose(text: str) -> DoseReport | None:
    """Reads ``DONE 20 4 ABD LOT123`` and its like; None when it answers no dose question."""
    answer = dose_answer(text)
    if answer is None:
        return None
    report = read_details(text)
    return replace(report, answer=answer.value, was_late=answer.was_late)


def dose_answer(text: str) -> DoseAnswer | None:
    """DONE, LATE or SKIP, without what stands beside it."""
    words = [part for piece in pieces(text) for part in split_number(piece)]
    return answer_about_dose([word for word in words if word.text.isascii()])


def read_details(text: str) -> DoseReport:
    """What is said beside DONE, LATE or SKIP, or without them: ``LOT 123, 4 sites``."""
    marks = read_marks(unicodedata.normalize("NFKC", text))
    words = [part.text for piece in pieces(marks.rest) for part in split_number(piece)]
    words = [word for word in words if word.isascii()]
    volume, sites, grams = _numbers(words)
    return DoseReport(
        None,
        volume,
        sites,
        tuple(dict.fromkeys(_areas(words))),
        tuple(dict.fromkeys(_odd_areas(words))),
        marks.lots,
        marks.expiry,
        marks.clock,
        yesterday=bool(_YESTERDAY & set(words)),
        grams=grams,
        per_site=volume is not None and bool(EACH & set(words)),
    )


def _numbers(words: list[str]) -> tuple[float | None, float | None, float | None]:
    """Volume, sites and grams: by the word behind the number, else in the order asked for."""
    said: dict[str, float] = {}
    bare: list[float] = []
    for position, word in enumerate(words):
        unit = words[position + 1] if position + 1 < len(words) else ""
        spelt = SPELT.get(word) if unit in VOLUME_UNITS | SITE_WORDS else None
        value = number_in(word) if spelt is None else float(spelt)
        if value is None or value > _MOST or unit in OTHER_UNITS:
            continue
        if (counts := _counted(unit)) is not None:
            said[counts] = value
        else:
            bare.append(value)
    volume, sites, grams = said.get("ml"), said.get("sites"), said.get("g")
    if len(bare) > 1 and _other_way_round(bare):
        bare[0], bare[1] = bare[1], bare[0]
    if volume is None and grams is None and bare:
        volume = bare.pop(0)
    if sites is None and bare:
        sites = bare.pop(0)
    return _plain(volume), _plain(sites), _plain(grams)


def _counted(unit: str) -> str | None:
    """What a number before this word counts."""
    if unit in VOLUME_UNITS:
        return "ml"
    if unit in SITE_WORDS or (unit in AREAS and unit.endswith("s")):
        return "sites"
    return "g" if unit in MASS_UNITS else None


def _other_way_round(bare: list[float]) -> bool:
    """``4 20``: only the second can be a volume, and only the first a number of sites."""
    return bare[0].is_integer() and 0 < bare[0] <= MOST_SITES < bare[1]


def _plain(value: float | None) -> float | None:
    """20 and not 20.0, as it was written."""
    return int(value) if value is not None and value.is_integer() else value


def _areas(words: list[str]) -> list[str]:
    found: list[str] = []
    for position, word in enumerate(words):
        if (area := AREAS.get(word)) is None:
            continue
        beside = [*words[max(0, position - 2) : position], *words[position + 1 : position + 2]]
        sides = [side for side, said in (("left", LEFT), ("right", RIGHT)) if said & set(beside)]
        if BOTH & set(beside[:-1] if position + 1 < len(words) else beside):
            sides = ["left", "right"]
        found += [f"{side} {area}" for side in sides] if sides and area != "abdomen" else [area]
    return found


def _odd_areas(words: list[str]) -> list[str]:
    """Only where it is said that the dose went there: "be back at 5" names no back."""
    found = []
    for position, word in enumerate(words):
        if word not in ODD_AREAS:
            continue
        before, said_in = position - 1, False
        while before >= 0 and words[before] in BEFORE_A_PLACE | LEFT | RIGHT:
            said_in = said_in or words[before] in _IN
            before -= 1
        counted = before >= 0 and (
            number_in(words[before]) is not None
            or words[before] in VOLUME_UNITS | SITE_WORDS
            or words[before] in AREAS
        )
        if said_in or counted:
            found.append(word)
    return found

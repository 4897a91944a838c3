"""The details a patient may add to DONE: volume, sites, areas, lot."""

import re
import unicodedata
from dataclasses import dataclass

from outreach.domain.triage.answers import read_answer
from outreach.domain.triage.folding import number_in, pieces, split_number
from outreach.domain.triage.result import Prompt

MOST_SITES = 12
"""A number up to this may count needle sites; larger ones are volumes."""

_LOT = re.compile(
    r"\b(?:lot|lote)(?:\s*(?:no|num|number|numero)\b\.?)?\s*[#:.-]*\s*((?=[a-z-]*\d)[a-z0-9-]+)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\b\d{1,2}[/-]\d{1,2}(?:[/-]\d{2,4})?\b")
_VOLUME_UNITS = frozenset({"ml", "mls", "cc", "milliliters", "mililitros"})
_MASS_UNITS = frozenset({"g", "gm", "gr", "grams", "gram", "gramos", "mg"})
_SITE_WORDS = frozenset({"site", "sites", "sitio", "sitios", "needles", "needle", "agujas"})
_AREAS = {
    "abd": "abdomen", "abdomen": "abdomen", "belly": "abdomen", "stomach": "abdomen",
    "tummy": "abdomen", "panza": "abdomen", "barriga": "abdomen", "estomago": "abdomen",
    "thigh": "thigh", "thighs": "thigh", "leg": "thigh", "legs": "thigh", "muslo": "thigh",
    "muslos": "thigh", "pierna": "thigh", "piernas": "thigh",
    "arm": "arm", "arms": "arm", "brazo": "arm", "brazos": "arm",
    "hip": "hip", "hips": "hip", "flank": "hip", "cadera": "hip", "caderas": "hip",
    "buttock": "buttock", "nalga": "buttock", "nalgas": "buttock",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DoseReport:
    """A home dose as the patient reported it; None for what was not said."""

    answer: str
    """``done``, ``late`` or ``skip``."""
    volume_ml: float | None = None
    sites: int | None = None
    areas: tuple[str, ...] = ()
    """Body areas in plain words: ``abdomen``, ``thigh``, ``arm``, ``hip``, ``buttock``."""
    lot: str | None = None
    """Upper case, as printed on the vial."""


def read_dose(text: str) -> DoseReport | None:
    """Reads ``DONE 20 4 ABD LOT123`` and its like; None when it answers no dose question."""
    answer = read_answer(text, Prompt.DOSE)
    if answer is None or answer.value is None:
        return None
    plain = unicodedata.normalize("NFKC", text)
    lot = _LOT.search(plain)
    rest = _DATE.sub(" ", plain[: lot.start()] + " " + plain[lot.end() :] if lot else plain)
    words = [part.text for piece in pieces(rest) for part in split_number(piece)]
    volume, sites = _numbers(words)
    areas = tuple(dict.fromkeys(_AREAS[word] for word in words if word in _AREAS))
    return DoseReport(answer.value, volume, sites, areas, lot[1].upper() if lot else None)


def _numbers(words: list[str]) -> tuple[float | None, int | None]:
    """Volume and sites: by the word behind the number, else in the order asked for."""
    volume: float | None = None
    sites: int | None = None
    for position, word in enumerate(words):
        value = number_in(word)
        if value is None:
            continue
        unit = words[position + 1] if position + 1 < len(words) else ""
        if unit in _MASS_UNITS:
            continue
        if unit in _VOLUME_UNITS:
            volume = value
        elif unit in _SITE_WORDS:
            sites = int(value)
        elif volume is None and sites is None:
            volume = value
        elif sites is None and value.is_integer() and 0 < value <= MOST_SITES:
            sites = int(value)
    return volume, sites

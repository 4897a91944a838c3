"""Numbers with a meaning of their own: temperature, oxygen, pulse, blood pressure, weight gain.

A number counts only with its unit or with a word beside it that says what was measured.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from outreach.domain.triage.folding import Gap, number_in
from outreach.domain.triage.lexicon import LABEL_OF_ACTION, Concept, TriageSettings
from outreach.domain.triage.reading import Match, Reading, Span
from outreach.domain.triage.result import Action, Label


class Kind(StrEnum):
    """What a lexicon lists words for under ``measures``."""

    TEMPERATURE = "temperature"
    FAHRENHEIT = "fahrenheit"
    CELSIUS = "celsius"
    OXYGEN = "oxygen"
    PULSE = "pulse"
    PRESSURE = "pressure"
    OVER = "over"
    """Between the two numbers of a blood pressure: ``120 over 80``."""
    GAINED = "gained"
    POUNDS = "pounds"
    KILOS = "kilos"
    A_DAY = "a_day"
    A_WEEK = "a_week"
    PAIN = "pain"
    """What a score out of ten is about."""
    OUT_OF = "out_of"
    """Between the two numbers of a score: ``8 of 10``, ``8 out of 10``."""
    OTHER_UNIT = "other_unit"
    """A unit that shows the number before it is none of these: hours, mg, dollars."""
    NOT_OF_THE_BODY = "not_of_the_body"
    """Soon after a number shows that it is no temperature of a person: ``102 degrees outside``."""
    DOSE_UNIT = "dose_unit"
    """Units a dose is measured in; see ``amounts``."""
    ORDERED = "ordered"
    GIVEN = "given"


def _concept(name: str, action: Action, about: str, label: Label | None = None) -> Concept:
    return Concept(name, action, label or LABEL_OF_ACTION[action], about)


FEVER_HIGH = _concept("fever_high", Action.PAGE_1H, "fever at or above the clinic's limit")
FEVER_LOW = _concept("fever_low", Action.ROUTINE, "raised temperature below the clinic's limit")
TEMPERATURE_NORMAL = _concept("temperature_normal", Action.NONE, "normal temperature")
HYPOXIA = _concept("hypoxia", Action.CALL_911, "very low oxygen reading")
OXYGEN_LOW = _concept("oxygen_low", Action.PAGE_1H, "low oxygen reading")
PULSE = _concept("palpitations", Action.PAGE_1H, "very fast or slow pulse")
PRESSURE_HIGH = _concept("hypertensive", Action.PAGE_1H, "very high blood pressure")
PRESSURE_LOW = _concept("near_syncope_low_bp", Action.PAGE_1H, "very low blood pressure")
SCORE_EXTREME = _concept("pain_extreme", Action.PAGE_1H, "pain of 9 or 10 out of 10")
SCORE_HIGH = _concept("pain_high", Action.SAME_DAY, "pain of 4 to 8 out of 10")
SCORE_LOW = _concept("pain_low", Action.ROUTINE, "pain of 1 to 3 out of 10")
WEIGHT_GAIN = _concept("fluid_overload", Action.PAGE_1H, "sudden weight gain")

_POUNDS_IN_A_KILO = 2.2
_FAHRENHEIT = (94.0, 110.0)
_CELSIUS = (34.0, 43.0)
_BARE_FAHRENHEIT = (99.0, 106.0)
_BARE_CELSIUS = (37.5, 41.9)
MEASURED_CONCEPTS = frozenset(
    concept.name
    for concept in (
        FEVER_HIGH, FEVER_LOW, TEMPERATURE_NORMAL, HYPOXIA, OXYGEN_LOW, PULSE, PRESSURE_HIGH,
        PRESSURE_LOW, SCORE_EXTREME, SCORE_HIGH, SCORE_LOW, WEIGHT_GAIN,
    )
)  # fmt: skip
"""What numbers can say; combinations may name these like any concept of a lexicon."""

_TEN = 10
_RAISED = (99.0, 37.2)
_NAMED_BEFORE = 3
_OUTDOORS_REACH = 4
_NAMED_KINDS = (Kind.OXYGEN, Kind.PULSE, Kind.PRESSURE, Kind.TEMPERATURE)


class Measures:
    """Reads the numbers of one reading with the word lists of its lexicon."""

    def __init__(
        self, reading: Reading, words: Mapping[Kind, frozenset[str]], settings: TriageSettings
    ) -> None:
        self._reading = reading
        self._lists = words
        self._settings = settings
        self._values = {
            place: value
            for place, word in enumerate(reading.words)
            if (value := number_in(word)) is not None
        }

    def matches(self) -> Iterator[Match]:
        """Every measurement that means something, worst readings included as concepts."""
        for place, value in self._values.items():
            concept = (
                self._score(place, value)
                or self._pressure(place, value)
                or self._oxygen(place, value)
                or self._pulse(place, value)
                or self._temperature(place, value)
                or self._weight(place, value)
            )
            if concept is not None:
                yield Match(concept, Span(place, place + 1, f"measured {concept.name}"))

    def _is(self, place: int, kind: Kind) -> bool:
        words = self._reading.words
        return 0 <= place < len(words) and words[place] in self._lists.get(kind, frozenset())

    def _near(self, place: int, kind: Kind, before: int, after: int) -> bool:
        first, end = self._reading.sentence(place)
        low, high = max(first, place - before), min(end, place + after + 1)
        return any(self._is(k, kind) for k in range(low, high) if k != place)

    def _outdoors(self, place: int) -> bool:
        """``102 degrees outside``: soon after, and no full stop between, not even of ``..``."""
        _, end = self._reading.sentence(place)
        for word in range(place + 1, min(end, place + _OUTDOORS_REACH + 1)):
            if "." in self._reading.separators[word - 1]:
                return False
            if self._is(word, Kind.NOT_OF_THE_BODY):
                return True
        return False

    def _temperature(self, place: int, value: float) -> Concept | None:
        scale = self._scale(place, value)
        if scale is None:
            return None
        limit = self._settings.fever_f if scale == "f" else self._settings.fever_c
        if value >= limit:
            return FEVER_HIGH
        return FEVER_LOW if value >= _RAISED[scale == "c"] else TEMPERATURE_NORMAL

    def _scale(self, place: int, value: float) -> str | None:
        """``f`` or ``c`` when the number is a body temperature."""
        in_f, in_c = _within(value, _FAHRENHEIT), _within(value, _CELSIUS)
        if not in_f and not in_c:
            return None
        if self._is(place + 1, Kind.OTHER_UNIT) or self._outdoors(place):
            return None
        unit = any(
            self._is(place + step, kind)
            for step in (1, 2)
            for kind in (Kind.FAHRENHEIT, Kind.CELSIUS)
        )
        if unit or self._near(place, Kind.TEMPERATURE, 5, 4):
            return "f" if in_f else "c"
        decimal = not self._reading.words[place].isdigit() and "/" not in self._separator(place)
        if decimal and (_within(value, _BARE_FAHRENHEIT) or _within(value, _BARE_CELSIUS)):
            return "f" if in_f else "c"
        return None

    def _score(self, place: int, value: float) -> Concept | None:
        """A score out of ten: mild to 3, moderate to 6, severe from 7, extreme from 9."""
        if not 1 <= value <= _TEN or not self._near(place, Kind.PAIN, 5, 5):
            return None
        other = place + 1
        while self._is(other, Kind.OUT_OF):
            other += 1
        joined = other > place + 1 or "/" in self._separator(place)
        if not joined or self._values.get(other) != _TEN:
            return None
        if value >= 9:
            return SCORE_EXTREME
        return SCORE_HIGH if value >= 4 else SCORE_LOW

    def _oxygen(self, place: int, value: float) -> Concept | None:
        if not 50 <= value <= 100 or not self._near(place, Kind.OXYGEN, 5, 3):
            return None
        if self._is_lower_number(place) or self._belongs_to_another(place, Kind.OXYGEN):
            return None
        if value < self._settings.oxygen_call_911_below:
            return HYPOXIA
        return OXYGEN_LOW if value < self._settings.oxygen_page_below else None

    def _pulse(self, place: int, value: float) -> Concept | None:
        if not 25 <= value <= 250 or not self._near(place, Kind.PULSE, 4, 2):
            return None
        if self._is_lower_number(place) or self._belongs_to_another(place, Kind.PULSE):
            return None
        high, low = self._settings.heart_rate_page_above, self._settings.heart_rate_page_below
        return PULSE if value > high or value < low else None

    def _pressure(self, place: int, value: float) -> Concept | None:
        if not 50 <= value <= 280 or self._is(place + 1, Kind.OTHER_UNIT):
            return None
        lower = self._lower_number(place)
        if lower is None and not self._near(place, Kind.PRESSURE, 4, 2):
            return None
        if lower is None and self._values.get(place - 1) is not None:
            return None
        settings = self._settings
        if value >= settings.systolic_page_from or (lower or 0) >= settings.diastolic_page_from:
            return PRESSURE_HIGH
        return PRESSURE_LOW if lower and value < settings.systolic_page_below else None

    def _is_lower_number(self, place: int) -> bool:
        """``72`` in ``118/72``: not the oxygen that is named after it."""
        upper = self._values.get(place - 1)
        return (
            upper is not None and upper > self._values[place] and "/" in self._separator(place - 1)
        )

    def _belongs_to_another(self, place: int, kind: Kind) -> bool:
        """``hr 72 o2 98``: a number belongs to the measure named right before it."""
        for before in range(place - 1, max(-1, place - _NAMED_BEFORE - 1), -1):
            if before in self._values or self._reading.gaps[before] is Gap.HARD:
                return False
            if self._is(before, kind):
                return False
            if any(self._is(before, other) for other in _NAMED_KINDS):
                return True
        return False

    def _lower_number(self, place: int) -> float | None:
        """The second number of ``190/110`` or ``190 over 110``."""
        if "/" in self._separator(place):
            other = place + 1
        elif self._is(place + 1, Kind.OVER):
            other = place + 2
        else:
            return None
        lower = self._values.get(other)
        return lower if lower is not None and 30 <= lower < self._values[place] else None

    def _weight(self, place: int, value: float) -> Concept | None:
        pounds = value
        if self._is(place + 1, Kind.KILOS):
            pounds = value * _POUNDS_IN_A_KILO
        elif not self._is(place + 1, Kind.POUNDS):
            return None
        if not self._near(place, Kind.GAINED, 6, 6):
            return None
        settings = self._settings
        if self._near(place, Kind.A_DAY, 5, 6) and pounds >= settings.gain_per_day_lb:
            return WEIGHT_GAIN
        in_week = self._near(place, Kind.A_WEEK, 5, 6) and pounds >= settings.gain_per_week_lb
        return WEIGHT_GAIN if in_week else None

    def _separator(self, place: int) -> str:
        if self._reading.gaps[place] is Gap.HARD:
            return ""
        return self._reading.separators[place]


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]

"""The composite grade of one symptom from what a patient says of it: PRO-CTCAE, 0 to 3.

Source: Basch et al., Clin Trials 2021;18:104-114, all 179 combinations, as the authors' own scoring
program has them. Attributes are scored 0 to 4: frequency (never .. almost constantly), severity
(none .. very severe), interference (not at all .. very much). Their recall period is seven days: a
question about the last day is derived from PRO-CTCAE, and so is its grade.
"""

from collections.abc import Mapping

ATTRIBUTE_TOP = 4

_BY_FREQUENCY = "01123"
_BY_SEVERITY = "01233"
_BY_INTERFERENCE = "01122"
_FREQUENCY_SEVERITY: Mapping[int, str] = {1: "11122", 2: "11222", 3: "11233", 4: "11233"}
"""Frequency -> the grade for severity 0, 1, 2, 3, 4."""
_FREQUENCY_INTERFERENCE: Mapping[int, str] = {1: "11122", 2: "11122", 3: "11233", 4: "11233"}
"""Frequency -> the grade for interference 0, 1, 2, 3, 4."""
_SEVERITY_INTERFERENCE: Mapping[int, str] = {1: "11122", 2: "11223", 3: "12233", 4: "22233"}
"""Severity -> the grade for interference 0, 1, 2, 3, 4."""
_ALL_THREE: Mapping[int, tuple[str, str, str, str, str]] = {
    1: ("01122", "11122", "12223", "22233", "22333"),
    2: ("01122", "11122", "22233", "22233", "22333"),
    3: ("11122", "11122", "22233", "22333", "22333"),
    4: ("11122", "11223", "22233", "22333", "22333"),
}
"""Frequency -> by severity 0, 1, 2, 3, 4 the grade for interference 0, 1, 2, 3, 4."""


def composite_grade(
    *, frequency: int | None = None, severity: int | None = None, interference: int | None = None
) -> int:
    """The grade of one symptom, from the attributes that were asked for (None: not asked).

    The first attribute that was asked decides whether there is a symptom at all: with it at 0 the
    grade is 0, whatever the others say.

    Raises:
        ValueError: nothing was asked, or a score is not one of 0 to 4.
    """
    scores = [score for score in (frequency, severity, interference) if score is not None]
    if not scores or any(not 0 <= score <= ATTRIBUTE_TOP for score in scores):
        raise ValueError("A composite grade needs at least one score, each from 0 to 4.")
    if scores[0] == 0:
        return 0
    return int(_row(frequency, severity, interference)[scores[-1]])


def _row(frequency: int | None, severity: int | None, interference: int | None) -> str:
    """The grades by the last of the attributes that were asked for."""
    match frequency, severity, interference:
        case int(often), int(bad), int():
            return _ALL_THREE[often][bad]
        case int(often), int(), None:
            return _FREQUENCY_SEVERITY[often]
        case int(often), None, int():
            return _FREQUENCY_INTERFERENCE[often]
        case None, int(bad), int():
            return _SEVERITY_INTERFERENCE[bad]
        case int(), None, None:
            return _BY_FREQUENCY
        case None, int(), None:
            return _BY_SEVERITY
    return _BY_INTERFERENCE

"""Whether somebody else's phone may stand beside a patient's own, and whose it is.

Only a child's parent or guardian, or a guardian named as such: the phone of a grown patient's
relatives is not theirs to receive care texts on (45 CFR 164.510(b) leaves that to the patient).
"""

from datetime import date

from outreach.domain.events import ContactRole

ADULT_AT = 18
"""Years; the age of majority in all but three US states."""

_PARENT = frozenset(
    {
        "mth",
        "fth",
        "par",
        "prn",
        "mother",
        "father",
        "parent",
        "mom",
        "dad",
        "nmth",
        "nfth",
        "nprn",
        "stpmth",
        "stpfth",
        "adoptm",
        "adoptf",
        "mo",
        "fa",
    }
)
_GUARDIAN = frozenset({"grd", "guard", "guardian", "legal guardian", "powatt"})
_CAREGIVER = frozenset(
    {"cgv", "care giver", "caregiver", "grp", "grprn", "gparnt", "fcd", "grandparent", "foster"}
)


def is_minor(born: date | None, on: date) -> bool:
    """Under 18 on ``on``; False when the birth date is not known."""
    if born is None:
        return False
    return (on.year - born.year - ((on.month, on.day) < (born.month, born.day))) < ADULT_AT


def contact_role(words: tuple[str, ...], *, minor: bool) -> ContactRole | None:
    """Whose phone it is by the relationship's codes or names; None when it must not be texted."""
    said = {word.casefold() for word in words if word}
    if said & _GUARDIAN:
        return ContactRole.GUARDIAN
    if not minor:
        return None
    if said & _PARENT:
        return ContactRole.PARENT
    return ContactRole.CAREGIVER if said & _CAREGIVER else None

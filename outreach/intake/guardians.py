"""Whether somebody else's phone is read beside a patient's own, and whose it is.

Only a child's parent or guardian, or a guardian named as such: who a grown patient's relatives are
is not ours to keep (45 CFR 164.502(b)). Whether any of them is written to is decided elsewhere, by
``domain/people.py``, each time.
"""

from outreach.domain.events import ContactRole

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


def contact_role(words: tuple[str, ...], *, minor: bool) -> ContactRole | None:
    """Whose phone it is by the relationship's codes or names; None when it is not read."""
    said = {word.casefold() for word in words if word}
    if said & _GUARDIAN:
        return ContactRole.GUARDIAN
    if not minor:
        return None
    if said & _PARENT:
        return ContactRole.PARENT
    return ContactRole.CAREGIVER if said & _CAREGIVER else None

"""Who must have read a text before it goes to real patients, and who has."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """As what somebody signs a text off."""

    CLINICIAN = "clinician"
    """Answers for what it says."""
    TRANSLATOR = "translator"
    """Answers for its saying the same in another language."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's word for one version of one message in one language."""

    message: str
    language: str
    version: str
    """Digest of what was read: every file of the message in that language, and the layout."""
    role: Role
    by: str
    on: date
    """The clinic's local day."""


def needed(language: str, default_language: str) -> tuple[Role, ...]:
    """Whose word a text in ``language`` needs: a translator's beside a clinician's where it is
    not the clinic's own language.
    """
    if language == default_language:
        return (Role.CLINICIAN,)
    return (Role.CLINICIAN, Role.TRANSLATOR)


def lacking(
    approvals: Collection[Approval],
    message: str,
    language: str,
    version: str,
    default_language: str,
) -> tuple[Role, ...]:
    """Whose word is still wanting for this version; nobody's when it may go to patients."""
    given = {
        one.role
        for one in approvals
        if (one.message, one.language, one.version) == (message, language, version)
    }
    return tuple(role for role in needed(language, default_language) if role not in given)

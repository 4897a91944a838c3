"""Which messages people have approved and which they have not, told as an installation has them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outreach.domain.approvals import Approval, Role, lacking
from outreach.domain.errors import NotFound
from outreach.rendering.copy_rules import FROM_STAFF, STAFF_PREFIX

if TYPE_CHECKING:
    from outreach.rendering.messages import MessageTemplates


@dataclass(frozen=True, slots=True)
class Standing:
    """One message in one language, and whose word it lacks."""

    message: str
    language: str
    version: str
    needed: bool
    """False for pages to staff, and for what a person writes: these need no approval."""
    lacking: tuple[Role, ...]


def standing(
    templates: "MessageTemplates",
    approvals: Collection[Approval],
    default_language: str,
    name: str,
    language: str,
) -> Standing:
    """How a message stands. Raises ConfigurationError where a file of it cannot be read."""
    version = templates.version(name, language)
    needed = name != FROM_STAFF and not name.startswith(STAFF_PREFIX)
    wanting = lacking(approvals, name, language, version, default_language) if needed else ()
    return Standing(name, language, version, needed, wanting)


def chosen(
    templates: "MessageTemplates", names: Collection[str], language: str | None
) -> Iterator[tuple[str, str]]:
    """The messages of these names, or all of them, each with its languages or the one asked for.

    Raises:
        NotFound: there is no message of a name, or it is not written in ``language``.
    """
    found = False
    for name in names or templates.names():
        known = sorted(templates.languages(name))
        if not known:
            raise NotFound(
                f"There is no message named {name!r}. 'outreach messages list' names them."
            )
        if names and language is not None and language not in known:
            raise NotFound(
                f"The message {name!r} is not written in {language!r}, only in {', '.join(known)}."
            )
        for one in known:
            if language in (None, one):
                found = True
                yield name, one
    if not found:
        raise NotFound(f"No message is written in {language!r}.")

"""The question a reply answers, as an input line names it."""

from typing import TYPE_CHECKING, Any

from outreach.domain.errors import BadInput

if TYPE_CHECKING:
    from outreach.domain.triage.result import Prompt


def prompt_of(asked: dict[str, Any]) -> "Prompt | None":
    """The open question of an input object.

    Raises:
        BadInput: there is no such question.
    """
    from outreach.domain.triage.result import Prompt

    if asked.get("prompt") is None:
        return None
    try:
        return Prompt(asked["prompt"])
    except ValueError:
        known = ", ".join(prompt.value for prompt in Prompt)
        raise BadInput("field", f"'prompt' must be one of {known}, or be left out") from None

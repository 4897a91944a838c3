"""What a message is for, declared beside its texts in ``purpose.txt``, and whether its uses agree.

A text that speaks for a product must not travel as care, whoever writes it into a journey.
"""

from collections.abc import Iterable, Iterator

from outreach.domain.errors import ConfigurationError
from outreach.domain.journeys import Journey
from outreach.domain.states import Purpose
from outreach.rendering.copy_rules import FROM_STAFF, STAFF_PREFIX
from outreach.rendering.messages import MessageTemplates

_BY_PREFIX = {
    "auto_": frozenset({Purpose.REPLY}),
    FROM_STAFF: frozenset({Purpose.REPLY}),
    STAFF_PREFIX: frozenset({Purpose.STAFF}),
    "campaign_recall": frozenset({Purpose.CARE}),
    "campaign_": frozenset({Purpose.CAMPAIGN, Purpose.EDUCATION, Purpose.MARKETING}),
}
_OF_JOURNEYS = frozenset({Purpose.CARE, Purpose.EDUCATION, Purpose.MARKETING})


def fault(templates: MessageTemplates, name: str) -> str | None:
    """What is wrong with the purpose that a message declares; None where it may be so."""
    try:
        purpose = templates.purpose(name)
    except ConfigurationError as error:
        return str(error)
    allowed = next((kinds for start, kinds in _BY_PREFIX.items() if name.startswith(start)), None)
    words = " or ".join(sorted(kind.value for kind in allowed or _OF_JOURNEYS))
    if purpose is None:
        return f"has no purpose.txt; write one that says {words}"
    if purpose not in (allowed or _OF_JOURNEYS):
        return f"is for {purpose}; a message of this name is for {words}"
    return None


def mismatches(journeys: Iterable[Journey], templates: MessageTemplates) -> Iterator[str]:
    """Each step whose message is for something else than its journey."""
    for journey in journeys:
        for step in (*journey.steps, *journey.notices.values()):
            for message in filter(None, (step.message, step.first_message)):
                purpose = templates.purpose(message)
                if purpose is not None and purpose is not journey.purpose:
                    yield (
                        f"{journey.name}: {step.id}: message '{message}' is for {purpose} and the"
                        f" journey for {journey.purpose}. Name another message, or move the step to"
                        f" a journey with purpose: {purpose}."
                    )

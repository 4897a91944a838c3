"""Words that no text may hold, as a clinic lists them in ``config/copy.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERY_LANGUAGE = "all"
"""The list that binds texts in every language."""


@dataclass(frozen=True, slots=True)
class CopyWords:
    """By language, and under ``all`` for every one of them.

    A word that ends in ``*`` stands for all words that begin so.
    """

    forbidden: Mapping[str, tuple[str, ...]]
    """Therapy, drugs and diagnoses: what a bystander must not read on a patient's phone."""
    units: Mapping[str, tuple[str, ...]]
    """Words that make the number before them a dose."""
    therapy: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Those of ``forbidden`` that say what happens at a visit and name no product."""

    def forbidden_in(self, language: str) -> tuple[str, ...]:
        """What a text in ``language`` (``es``, or ``es-US`` by the list of ``es``) may not say."""
        return _of(self.forbidden, language)

    def mild(self, word: str) -> bool:
        """Whether a person may write it after a warning: a plain word of one language for what
        happens at a visit ("treatment"). The names under ``all`` are those of products.
        """
        names = _of(self.therapy, EVERY_LANGUAGE)
        plain = {one for tag, some in self.therapy.items() if tag != EVERY_LANGUAGE for one in some}
        return word in plain and word not in names

    def units_in(self, language: str) -> tuple[str, ...]:
        """The units of a dose in ``language``, in the same way."""
        return _of(self.units, language)


def _of(lists: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    own = lists.get(language, lists.get(language.partition("-")[0], ()))
    return lists.get(EVERY_LANGUAGE, ()) + own

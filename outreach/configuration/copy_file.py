"""``copy.yaml`` -> ``CopyWords``: the words that must not stand in a message."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel, field_validator

from outreach.configuration.clinic_file import Language
from outreach.configuration.documents import FaultAt, StrictModel, load_document
from outreach.domain.copy_words import EVERY_LANGUAGE, CopyWords
from outreach.domain.errors import ConfigurationError

Word = Annotated[str, Field(pattern=r"^[^\s*]+(?: [^\s*]+)*\*?$", max_length=60)]
"""One word or a few, with ``*`` at the end where what follows may differ."""


class WordsEntry(StrictModel):
    """The lists of one language."""

    therapy: tuple[Word, ...] = ()
    drugs: tuple[Word, ...] = ()
    diagnoses: tuple[Word, ...] = ()
    doses: tuple[Word, ...] = ()


class CopyFile(RootModel[dict[Language, WordsEntry]]):
    """The whole of ``copy.yaml``: lists by language, and those under ``all``."""

    @field_validator("root")
    @classmethod
    def _says_something(cls, root: dict[str, WordsEntry]) -> dict[str, WordsEntry]:
        if EVERY_LANGUAGE not in root:
            raise FaultAt((), f"has no list '{EVERY_LANGUAGE}'. Add it, or restore the file.")
        return root


def load_copy_words(path: Path, languages: Collection[str]) -> CopyWords:
    """The words that a clinic which writes in ``languages`` keeps out of its messages.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is missing or wrong (names the line), or
            it has no list for a language.
    """
    lists = load_document(path, CopyFile).root
    for language in languages:
        if not {language, language.partition("-")[0]} & lists.keys():
            raise ConfigurationError(
                f"{path}: has no list for '{language}', which clinic.yaml names among languages."
                f" Add '{language}:' with its words, as the other languages have."
            )
    return CopyWords(
        forbidden={
            language: entry.therapy + entry.drugs + entry.diagnoses
            for language, entry in lists.items()
        },
        therapy={language: entry.therapy for language, entry in lists.items()},
        units={language: entry.doses for language, entry in lists.items()},
    )

"""``config/surveys/*.yaml`` -> ``Survey``: what is asked after a check-in's first answer.

One file per survey, read and edited as journeys are. A folder that is not there holds no survey.
"""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from outreach.configuration.documents import FaultAt, load_document
from outreach.configuration.journey_steps import Name, StepId, StepModel
from outreach.domain.clinic import Clinic
from outreach.domain.errors import ConfigurationError
from outreach.domain.surveys import OPENING, Survey, SurveyQuestion, Symptom
from outreach.domain.triage.result import Prompt

_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class _Known:
    messages: Container[str]
    languages: tuple[str, ...]


class SurveyPrompt(StrEnum):
    """What a survey may ask."""

    SYMPTOM = Prompt.SYMPTOM
    INTERFERENCE_0_4 = Prompt.INTERFERENCE_0_4
    REDFLAG_YES_NO = Prompt.REDFLAG_YES_NO


def _message(name: str, info: ValidationInfo) -> str:
    if isinstance(info.context, _Known) and name not in info.context.messages:
        raise ValueError(
            f"there is no message '{name}'. Correct its name, or write it under templates/messages."
        )
    if not name.startswith("auto_"):
        raise ValueError(
            f"'{name}' cannot answer a reply: the names of such messages begin with auto_. Rename"
            " it."
        )
    return name


class SymptomEntry(StepModel):
    """One line of the numbered list."""

    id: StepId
    """A short name that never changes: answers are kept under it."""
    words: dict[str, Annotated[str, Field(min_length=1, max_length=24)]]
    """What the list says, by language. A number that is chosen is read as these words are."""

    @model_validator(mode="after")
    def _in_every_language(self, info: ValidationInfo) -> "SymptomEntry":
        known = info.context
        if isinstance(known, _Known):
            for language in known.languages:
                if language not in self.words:
                    raise FaultAt(("words",), f"lacks '{language}', a language of the clinic.")
        return self


class QuestionEntry(StepModel):
    """One question, in a text of its own."""

    id: StepId
    """A short name that never changes: answers are kept under it."""
    prompt: SurveyPrompt
    """How the answer is read: symptom (numbers of the list, or words), interference_0_4, or
    redflag_yes_no, where a yes is a red flag and a no is well."""
    message: Annotated[str, AfterValidator(_message)]
    """The folder under templates/messages; its name begins with auto_."""
    open_hours: Annotated[int, Field(ge=1, le=168)]
    """For how many hours after the text a reply is taken as the answer."""
    from_severity: Annotated[int, Field(ge=1, le=2)] = 1
    """Asked only of who gave at least this severity. After a 3 nothing is asked: a nurse calls."""


def _each_once(kind: str, names: Sequence[str], *taken: str) -> None:
    for index, name in enumerate(names):
        if name in (*taken, *names[:index]):
            raise FaultAt((kind, str(index), "id"), f"'{name}' is taken. Choose another.")


class SurveyFile(StepModel):
    """What is asked after the answer to a check-in's first question."""

    name: Name
    """A short name that never changes: journeys and kept answers use it."""
    title: Annotated[str, Field(min_length=1, max_length=80)]
    """What staff read."""
    symptoms: Annotated[tuple[SymptomEntry, ...], Field(max_length=9)] = ()
    """The list that prompt: symptom numbers, from 1."""
    questions: Annotated[tuple[QuestionEntry, ...], Field(min_length=1, max_length=5)]
    """In the order in which they are asked."""

    @model_validator(mode="after")
    def _fits_together(self) -> "SurveyFile":
        _each_once("symptoms", [entry.id for entry in self.symptoms])
        _each_once("questions", [entry.id for entry in self.questions], OPENING)
        asked = [entry.prompt for entry in self.questions]
        for prompt in (SurveyPrompt.SYMPTOM, SurveyPrompt.INTERFERENCE_0_4):
            if asked.count(prompt) > 1:
                raise FaultAt(("questions",), f"ask '{prompt}' twice. Keep one of them.")
        if SurveyPrompt.SYMPTOM in asked and not self.symptoms:
            raise FaultAt(("symptoms",), "must list what prompt: symptom numbers. Add it.")
        return self


def load_surveys(folder: Path, clinic: Clinic, messages: Container[str]) -> dict[str, Survey]:
    """The surveys of ``folder`` by name, one per ``.yaml`` file.

    Raises:
        outreach.domain.errors.ConfigurationError: a file is wrong; names file, line and remedy.
    """
    found: dict[str, Survey] = {}
    for file in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        written = load_document(file, SurveyFile, _Known(messages, clinic.languages))
        if written.name in found:
            raise ConfigurationError(
                f"{file}, line 1: name: '{written.name}' is the name of another survey already."
                " Choose another."
            )
        found[written.name] = _survey(written, file.read_bytes())
    return found


def survey_schema() -> dict[str, Any]:
    """The JSON Schema of a survey file, from which editors complete and check as one types."""
    schema = SurveyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Survey"}


def _survey(written: SurveyFile, content: bytes) -> Survey:
    return Survey(
        name=written.name,
        title=written.title,
        questions=tuple(
            SurveyQuestion(
                entry.id, Prompt(entry.prompt), entry.message, entry.open_hours, entry.from_severity
            )
            for entry in written.questions
        ),
        symptoms=tuple(Symptom(entry.id, entry.words) for entry in written.symptoms),
        digest=hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH],
    )

"""``config/journeys/*.yaml`` -> ``Journey``: what is said when, as a nurse reads and edits it.

One file per journey. Everything that could make a step go to the wrong person or at the wrong time
is refused here, with file, line and remedy, before anything is planned.
"""

import hashlib
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from outreach.configuration.documents import load_document
from outreach.configuration.journey_entries import JourneyFile
from outreach.configuration.journey_steps import KnownNames
from outreach.domain.clinic import Clinic
from outreach.domain.errors import ConfigurationError
from outreach.domain.journeys import Anchor, Journey
from outreach.domain.states import Purpose

DIGEST_LENGTH = 16
"""Hexadecimal digits of a journey's digest."""


def load_journeys(
    folder: Path,
    clinic: Clinic,
    messages: Container[str],
    surveys: Iterable[str] | None = None,
) -> tuple[Journey, ...]:
    """The journeys of ``folder``, one per ``.yaml`` file, in the order of the files' names.

    ``messages`` holds the names of the messages there are, ``surveys`` those of the surveys; where
    it is left out, the surveys that steps name are not looked at.

    Raises:
        outreach.domain.errors.ConfigurationError: the folder is missing or empty, or a file is
            wrong; names file, line and remedy.
    """
    kinds, risks = frozenset(clinic.services.values()), frozenset(clinic.risks.values())
    known = KnownNames(
        messages, kinds, risks, surveys=None if surveys is None else frozenset(surveys)
    )
    journeys = []
    for file in _files(folder):
        written = load_document(file, JourneyFile, known)
        known.names[written.name] = file
        journeys.append(_journey(written, file.read_bytes()))
    return tuple(journeys)


def journey_schema() -> dict[str, Any]:
    """The JSON Schema of a journey file, from which editors complete and check as one types."""
    schema = JourneyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Journey"}


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder}: there is no such folder. Create it, or name the right one."
        )
    if misnamed := sorted(folder.glob("*.yml")):
        raise ConfigurationError(f"{misnamed[0]}: is not read. Let its name end in .yaml.")
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigurationError(f"{folder}: holds no journey. Restore at least one .yaml file.")
    return files


def _journey(written: JourneyFile, content: bytes) -> Journey:
    return Journey(
        name=written.name,
        title=written.title,
        anchor=Anchor(written.anchor),
        kinds=frozenset(written.kinds or (kind.value for kind in written.occasions)),
        purpose=Purpose(written.purpose),
        steps=tuple(entry.step() for entry in written.steps),
        notices={kind: entry.step() for kind, entry in written.notices.written().items()},
        covers_hours=0 if written.notices.booked is None else written.notices.booked.covers_hours,
        course_gap_days=written.course_gap_days,
        unreported=None if written.unreported is None else written.unreported.rule(),
        unconfirmed_hours=None
        if written.unconfirmed is None
        else written.unconfirmed.call_hours_before,
        digest=hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH],
        source=content.decode("utf-8-sig"),
    )

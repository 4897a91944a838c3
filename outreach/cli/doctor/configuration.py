"""The files a clinic edits, and its time zones."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from outreach.bootstrap import build_copy_rules
from outreach.cli.doctor.finding import Finding, Subject, fault, guarded, ok
from outreach.configuration.journey_files import load_journeys
from outreach.configuration.policy_file import load_policy
from outreach.configuration.survey_files import load_surveys
from outreach.configuration.triage_files import load_engine
from outreach.domain.clinic import Clinic
from outreach.domain.journeys import Journey
from outreach.rendering.lint import Sample, lint
from outreach.rendering.messages import MessageTemplates
from outreach.rendering.purposes import mismatches

_SHOWN = 5
_SUMMER = datetime(2026, 7, 1, tzinfo=UTC)
"""An instant at which a zone is asked for its offset, to see that its rules can be read."""


def configuration(subject: Subject) -> Iterator[Finding]:
    """Each file by the reader the program itself uses, and every template by the copy rules."""
    clinic, folder = subject.clinic, subject.settings.config_path()
    if clinic is None:
        return  # told already, with its line
    yield ok("clinic", f"{clinic.name}, {len(clinic.sites)} sites ({folder / 'clinic.yaml'})")
    yield from _file("policy", "can be read", lambda: load_policy(folder / "policy.yaml"))
    yield from _file("journeys", "can be read", lambda: _journeys(clinic, folder))
    yield from guarded("purposes", lambda: _purposes(clinic, folder))
    yield from _file("triage", "lexicons can be read", lambda: load_engine(folder / "triage"))
    yield from guarded("templates", lambda: _templates(clinic, folder))


def _file(name: str, good: str, load: Callable[[], object]) -> Iterator[Finding]:
    def looked() -> Iterator[Finding]:
        load()
        yield ok(name, good)

    return guarded(name, looked)


def _journeys(clinic: Clinic, folder: Path) -> tuple[Journey, ...]:
    """With the surveys they name: a fault of either is told with its line."""
    names = MessageTemplates().names()
    surveys = load_surveys(folder / "surveys", clinic, names)
    return load_journeys(folder / "journeys", clinic, names, surveys)


def _purposes(clinic: Clinic, folder: Path) -> Iterator[Finding]:
    templates = MessageTemplates()
    journeys = load_journeys(folder / "journeys", clinic, templates.names())
    found = list(mismatches(journeys, templates))
    for one in found[:_SHOWN]:
        yield fault("purposes", one, "Marketing and education must not travel as care.")
    if not found:
        yield ok("purposes", "each message is for what its journey is for")


def _templates(clinic: Clinic, folder: Path) -> Iterator[Finding]:
    templates = MessageTemplates()
    rules = build_copy_rules(folder, clinic)
    found = lint(templates, rules, Sample(clinic.name, clinic.phone))
    for one in found[:_SHOWN]:
        yield fault("templates", str(one), "Edit this file: the rule it breaks is named.")
    if len(found) > _SHOWN:
        yield fault("templates", f"... and {len(found) - _SHOWN} more", "Mend these first.")
    if not found:
        yield ok("templates", f"{len(templates.names())} messages keep the copy rules")


def zones(subject: Subject) -> Iterator[Finding]:
    """Whether the rules of every zone in use can be read, and from which release."""
    if subject.clinic is None:
        return
    used = {subject.clinic.zone, *(site.zone for site in subject.clinic.sites)}
    broken = [zone.key for zone in used if _SUMMER.astimezone(zone).utcoffset() is None]
    if broken:
        yield fault("time zones", f"no rules for {', '.join(broken)}", "Reinstall tzdata.")
    else:
        names = ", ".join(sorted(zone.key for zone in used))
        yield ok("time zones", f"{names} (rules of tzdata {version('tzdata')}, or newer)")

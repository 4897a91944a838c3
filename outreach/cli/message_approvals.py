"""Records what a person has read, and says what is still wanting."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import typer

from outreach.bootstrap import clinic_clock
from outreach.cli.sign_offs import chosen, standing
from outreach.clocks import SystemClock
from outreach.configuration.approvals_file import APPROVALS, add_approvals, load_approvals
from outreach.configuration.clinic_file import load_clinic
from outreach.domain.approvals import Approval, Role
from outreach.domain.errors import BadInput
from outreach.rendering.copy_rules import FROM_STAFF, STAFF_PREFIX
from outreach.rendering.messages import PARTS, MessageTemplates
from outreach.settings import load_settings

if TYPE_CHECKING:
    from outreach.domain.clinic import Clinic


def record(names: Collection[str], language: str | None, by: str, role: Role) -> None:
    """Writes approvals of the versions there are now; no ``names`` are all messages to patients.

    Raises:
        NotFound: there is no such message or language.
        BadInput: it needs no approval.
        ConfigurationError: a message cannot be compiled, or approvals.yaml is wrong or cannot be
            written; then nothing was recorded.
    """
    settings = load_settings()
    clinic = load_clinic(settings.config_path() / "clinic.yaml")
    path = settings.config_path() / APPROVALS
    templates = MessageTemplates()
    which = _which(templates, clinic, names, language, role)
    day = clinic_clock(settings, SystemClock()).now().astimezone(clinic.zone).date()
    wanted = [
        Approval(name, tongue, templates.version(name, tongue), role, by, day)
        for name, tongue in which
    ]
    fresh = add_approvals(path, wanted)
    for one in wanted:
        said = "approved" if one in fresh else "was approved already"
        typer.echo(f"{one.message} ({one.language}, version {one.version}): {said}.")
    known = load_approvals(path)
    for name, tongue in which:
        wanting = standing(templates, known, clinic.default_language, name, tongue).lacking
        if wanting:
            roles = " and a ".join(role.value for role in wanting)
            typer.echo(f"{name} ({tongue}) still needs a {roles}.")
    typer.echo(f"Recorded in {path}.")


def _which(
    templates: MessageTemplates,
    clinic: "Clinic",
    names: Collection[str],
    language: str | None,
    role: Role,
) -> list[tuple[str, str]]:
    for name in names:
        if name.startswith(STAFF_PREFIX):
            raise BadInput("message", f"{name!r} goes to staff alone and needs no approval.")
        if name == FROM_STAFF:
            raise BadInput("message", f"{name!r} holds a person's own words, needs no approval.")
    which = [
        (name, one)
        for name, one in dict.fromkeys(chosen(templates, names, language))
        if name != FROM_STAFF
        and not name.startswith(STAFF_PREFIX)
        and (language is not None or role is Role.CLINICIAN or one != clinic.default_language)
    ]
    for name, one in which:
        for channel in PARTS:
            if templates.offers(name, one, channel):
                templates.parts(name, one, channel)  # what is broken is no text to approve
    if not which:
        raise BadInput("language", "None of these is written in a language that needs it.")
    return which

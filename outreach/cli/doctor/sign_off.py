"""Whether the texts that would go to real patients have been approved."""

from collections.abc import Iterator

from outreach.bootstrap import real_channels
from outreach.cli.doctor.finding import Finding, Subject, ok, warning
from outreach.cli.sign_offs import chosen, standing
from outreach.configuration.approvals_file import APPROVALS, load_approvals
from outreach.domain.approvals import Role
from outreach.rendering.messages import MessageTemplates


def sign_off(subject: Subject) -> Iterator[Finding]:
    """Every message that lacks a word, by whose word it is; none is needed in the sandbox."""
    clinic, folder = subject.clinic, subject.settings.config_path()
    if clinic is None:
        return
    approvals = load_approvals(folder / APPROVALS)
    if not real_channels(subject.settings):
        yield ok("sign-off", "texts need no approval: they go to the sandbox carrier alone")
        return
    templates = MessageTemplates()
    wanting: dict[Role, list[str]] = {}
    for name, language in chosen(templates, (), None):
        one = standing(templates, approvals, clinic.default_language, name, language)
        for role in one.lacking:
            wanting.setdefault(role, []).append(f"{name} ({language})")
    for role, which in wanting.items():
        yield warning(
            "sign-off",
            f"{len(which)} texts go to no patient before a {role.value} approves them:"
            f" {', '.join(which)}",
            "Read them with 'outreach messages preview', then run 'outreach messages approve"
            f" NAME --role {role.value} --by NAME', or --all in place of the first NAME.",
        )
    if not wanting:
        yield ok("sign-off", "every text to patients is approved as it is now")

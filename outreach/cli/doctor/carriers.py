"""Who carries the messages, and whether the world can reach us."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from outreach.cli.doctor.finding import Finding, Subject, fault, ok, warning
from outreach.configuration.senders_file import SENDERS
from outreach.settings import Settings


def texts(subject: Subject) -> Iterator[Finding]:
    """Sandbox or Twilio, and whether Twilio has all it needs."""
    settings = subject.settings
    if settings.uses_sandbox:
        yield ok("texts", f"go to the sandbox carrier at {settings.sandbox_url}; nobody gets them")
        return
    missing = []
    if settings.twilio_auth_token is None:
        missing.append("TWILIO_AUTH_TOKEN is not set")
    senders = (settings.twilio_messaging_service_sid, settings.twilio_from_number)
    listed = (settings.config_path() / SENDERS).exists()
    if not any(senders) and not listed:
        missing.append("no sender is set")
    if all(senders):
        missing.append("two senders are set")
    for problem in missing:
        yield fault(
            "texts",
            f"TWILIO_ACCOUNT_SID is set, but {problem}",
            "Set TWILIO_AUTH_TOKEN and one of TWILIO_MESSAGING_SERVICE_SID, TWILIO_FROM_NUMBER, "
            f"or list the senders in {SENDERS}.",
        )
    if not missing:
        yield ok("texts", "go out through the Twilio account that is set")


def public_address(subject: Subject) -> Iterator[Finding]:
    """Whether providers can reach us as they must."""
    settings = subject.settings
    parts = urlsplit(settings.public_url)
    host = parts.hostname or ""
    if settings.uses_sandbox:
        yield ok("address", f"{settings.public_url}, for the sandbox on this machine")
        return
    remedy = "Set OUTREACH_PUBLIC_URL to the https address that Twilio is told."
    if parts.scheme != "https":
        yield fault("address", f"{settings.public_url} is not https", remedy)
    elif "_" in host:
        yield fault("address", f"Twilio refuses the underscore in {host}", "Use another host name.")
    elif _only_here(host):
        yield fault("address", f"{host} is not reached from outside", remedy)
    else:
        yield ok("address", settings.public_url)


def _only_here(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host


def email(subject: Subject) -> Iterator[Finding]:
    """Whether email may leave: live email needs a recorded agreement with its provider."""
    settings, clinic = subject.settings, subject.clinic
    if clinic is None:
        return
    live = not settings.sandbox and (settings.smtp_host or settings.sendgrid_api_key)
    if not live:
        where = "goes to the sandbox carrier" if settings.uses_sandbox else "is off: none is set up"
        yield ok("email", where)
    elif not clinic.email_agreement:
        yield warning(
            "email",
            "is off: clinic.yaml records no agreement with the provider",
            "Once a business associate agreement is on file, set email_agreement: true.",
        )
    elif clinic.email_from.endswith(".invalid"):
        yield fault("email", f"the sender {clinic.email_from} is none", "Set email_from.")
    else:
        yield ok("email", f"goes out from {clinic.email_from}; an agreement is on file")
    if live and settings.sendgrid_api_key and not settings.sendgrid_webhook_public_key:
        yield warning(
            "email",
            "SendGrid's reports cannot be checked and are refused",
            "Set SENDGRID_WEBHOOK_PUBLIC_KEY.",
        )


def doors(subject: Subject) -> Iterator[Finding]:
    """Who may post events and see the follow-up list."""
    settings = subject.settings
    if settings.api_key is None:
        yield warning(
            "events",
            "nobody may post events over HTTP: no key is set",
            "Set OUTREACH_API_KEY, or use 'outreach ingest'.",
        )
    else:
        yield ok("events", "are taken over HTTP with OUTREACH_API_KEY")
    if settings.staff_token is None and not _only_here(_host(settings)):
        yield warning(
            "staff", "the follow-up list opens on this machine alone", "Set OUTREACH_STAFF_TOKEN."
        )


def _host(settings: Settings) -> str:
    return urlsplit(settings.public_url).hostname or ""

"""What texts come from, and whether any sender or account is stopped at present."""

from collections.abc import Iterator

from outreach.cli.doctor.finding import Finding, Subject, fault, ok, warning
from outreach.clocks import SystemClock
from outreach.configuration.senders_file import SENDERS, load_senders
from outreach.domain.clinic import Clinic
from outreach.domain.reactions import why
from outreach.domain.senders import Sender
from outreach.storage.crypto import Keyring
from outreach.storage.database import Database
from outreach.storage.migrate import is_current
from outreach.storage.models import BreakerRow


def senders(subject: Subject) -> Iterator[Finding]:
    """The file, if there is one, and the breakers that are open."""
    if subject.clinic is not None:
        found = load_senders(subject.settings.config_path() / SENDERS, subject.clinic).senders
        if found:
            names = ", ".join(sender.name for sender in found)
            yield ok("senders", f"{len(found)} in {SENDERS}: {names}")
            yield from _unserved(found, subject.clinic)
            yield from _not_used(subject)
    yield from _stopped(subject)


def _unserved(found: tuple[Sender, ...], clinic: Clinic) -> Iterator[Finding]:
    if any(not sender.sites for sender in found):
        return
    served = {code for sender in found for code in sender.sites}
    missing = [site.code for site in clinic.sites if site.code not in served]
    if missing:
        yield warning(
            "senders",
            f"no sender serves {', '.join(missing)}: its patients get texts from another site's",
            f"Name the site at a sender in {SENDERS}, or leave `sites` out of one.",
        )


def _not_used(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.twilio_from_number or settings.twilio_messaging_service_sid:
        yield warning(
            "senders",
            f"{SENDERS} names the senders: the one of the environment is not used",
            "Unset TWILIO_FROM_NUMBER and TWILIO_MESSAGING_SERVICE_SID.",
        )


def _stopped(subject: Subject) -> Iterator[Finding]:
    keys, index_key = subject.settings.key_bytes()
    db = Database(subject.settings.database(), Keyring(keys, index_key))
    try:
        if not is_current(db):
            return  # told already
        with db.read() as unit:
            tripped = sorted(unit.breakers.tripped().items())
            rows = [(row, unit.breakers.held(key)) for key, row in tripped]
    finally:
        db.close()
    for row, held in rows:
        yield fault("senders", *_sentence(row, held))
    if not rows:
        yield ok("senders", "none is stopped")


def _sentence(row: BreakerRow, held: int) -> tuple[str, str]:
    since = "" if row.opened_at is None else f" since {row.opened_at:%Y-%m-%d %H:%M} UTC"
    reason = why(row.error_code) if row.error_code is not None else None
    code = "" if row.error_code is None else f", code {row.error_code}"
    told = f": {reason}" if reason else ""
    seconds = 0.0
    if row.look_at is not None:
        seconds = max(0.0, (row.look_at - SystemClock().now()).total_seconds())
    return (
        f"'{row.key}' is stopped{since}{code}{told}; {held} messages wait for it",
        f"Mend it at the provider. It is tried again in {seconds:.0f} s, and all goes out then.",
    )

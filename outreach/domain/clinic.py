"""The clinic as its own people describe it in ``config/clinic.yaml``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from zoneinfo import ZoneInfo

from outreach.domain.home_doses import DoseLimits
from outreach.domain.roster import Coverage

_SIGNED = frozenset({"ase"})
"""American Sign Language (ISO 639-3)."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place patients come to."""

    code: str
    name: str
    zone: ZoneInfo
    phone: str
    """As patients read it in a text, for example ``555-010-2000``."""
    aliases: frozenset[str] = frozenset()
    """How scheduling systems write this site; compared without case."""


@dataclass(frozen=True, slots=True)
class FollowUpTargets:
    """How many minutes staff have to take an item, and again to reach the patient, by action."""

    call_911: int = 5
    call_988: int = 5
    page_1h: int = 60
    same_day: int = 480
    routine: int = 1440


RISKS = ("clot", "frail", "high_risk")
"""The risk flags of a clinic that names none of its own."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """Who sends, from where, and how staff are reached."""

    name: str
    phone: str
    zone: ZoneInfo
    region: str
    """Two-letter country for phone numbers written without a country code."""
    sites: tuple[Site, ...]
    services: dict[str, str]
    """Lower-case service text of the scheduling system -> kind of visit (``infusion``)."""
    default_site: str | None = None
    """Where a visit is when the scheduling system names no place; None sends it to staff."""
    languages: tuple[str, ...] = ("en", "es")
    default_language: str = "en"
    coverage: Coverage = Coverage.HOURS_ONLY
    """What every automatic answer says of when somebody sees it."""
    targets: FollowUpTargets = FollowUpTargets()
    prepare_hours_before: float = 2
    """How long before a visit its drug is made ready: a nurse has decided on a hold by then."""
    home_doses: DoseLimits = field(default_factory=DoseLimits)
    """What of a home dose is plausible, and how long a place on the body rests."""
    takeover_minutes: int = 60
    """How long after the last word of either side a person still has the conversation."""
    email_agreement: bool = False
    """A business associate agreement with the email provider is on file."""
    email_from: str = "no-reply@clinic.invalid"
    carrier_answers_keywords: bool = True
    """True where Twilio itself answers STOP, START and HELP (its default on long codes)."""
    carrier_help_names_us: bool = False
    """True where what the carrier answers to HELP names the clinic and its phone."""
    email_reply_to: str | None = None
    """The mailbox that answers to our emails go to, where the program reads them."""
    segment_price_usd: float | None = None
    """What one SMS segment costs, carrier fees with it; None leaves costs out."""
    risks: Mapping[str, str] = field(default_factory=lambda: dict(zip(RISKS, RISKS, strict=True)))
    """Lower-case words of the scheduling system for a risk -> the flag that journeys name."""

    def site_named(self, text: str | None) -> Site | None:
        """The site a scheduling system means; the default or the only site when it names none."""
        if text is None or not text.strip():
            if self.default_site is not None:
                return self.find_site(self.default_site)
            return self.sites[0] if len(self.sites) == 1 else None
        wanted = text.strip().casefold()
        for site in self.sites:
            if wanted in {site.code.casefold(), site.name.casefold(), *site.aliases}:
                return site
        return None

    def find_site(self, code: str | None) -> Site | None:
        """The site with this code; None when clinic.yaml no longer has it, or none is named."""
        return next((site for site in self.sites if site.code == code), None)

    def site(self, code: str) -> Site:
        """The site with this code. Raises KeyError when clinic.yaml no longer has it."""
        site = self.find_site(code)
        if site is None:
            raise KeyError(code)
        return site

    def zone_at(self, code: str | None) -> ZoneInfo | None:
        """The zone of the site with this code; None when clinic.yaml no longer has it."""
        site = self.find_site(code)
        return None if site is None else site.zone

    def speaks(self, language: str | None) -> bool:
        """Whether a patient can be texted: an unknown language gets the default one.

        So does a sign language: whoever signs is served better by a text than by a call.
        """
        if not language:
            return True
        own = {tag.split("-")[0].casefold() for tag in self.languages} | _SIGNED
        return language.split("-")[0].casefold() in own

    def risk_flags(self, words: Iterable[str]) -> frozenset[str]:
        """The flags that these words mean; what the clinic has not mapped means none."""
        known = (self.risks.get(word.strip().casefold()) for word in words)
        return frozenset(flag for flag in known if flag is not None)

    def visit_kind(self, service: str | None) -> str | None:
        """The kind of visit a service text means, or None when the clinic has not mapped it."""
        return None if service is None else self.services.get(service.strip().casefold())


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of one day in which a text may go: local wall-clock, end excluded."""

    opens: time
    closes: time

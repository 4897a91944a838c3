"""``clinic.yaml`` -> ``Clinic``: who sends, from where, what is mapped, and what is promised."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import AfterValidator, Field, model_validator

from outreach.configuration.documents import FaultAt, Place, StrictModel, load_document
from outreach.domain.clinic import RISKS, Clinic, FollowUpTargets, Site
from outreach.domain.home_doses import DoseLimits
from outreach.domain.roster import Coverage

E164 = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_CODE = re.compile(r"[a-z][a-z0-9_-]*")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(
            f"'{name}' is not an IANA time zone. Write one such as America/New_York."
        ) from None
    return name


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(
            f"'{text}' is not a short name. Use small letters, digits, '-' and '_', as in main_st."
        )
    return text


def _language(tag: str) -> str:
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError(f"'{tag}' is not a language tag. Write one such as en or es-US.")
    return tag


def email_address(address: str) -> str:
    """``address``, if it can be a mailbox. Raises ValueError."""
    if not _EMAIL.fullmatch(address):
        raise ValueError("is not an email address. Write one such as nurses@clinic.example.")
    return address


Zone = Annotated[str, AfterValidator(_zone)]
"""The name of an IANA time zone."""
Code = Annotated[str, AfterValidator(_code)]
"""A short name that never changes, for places and kinds of visit."""
Language = Annotated[str, AfterValidator(_language)]
"""A BCP 47 tag."""
EmailAddress = Annotated[str, AfterValidator(email_address)]
Words = Annotated[str, Field(min_length=1, max_length=60)]
Minutes = Annotated[int, Field(ge=1, le=10080)]
Price = Annotated[float, Field(gt=0, le=10)]
HoursBefore = Annotated[float, Field(ge=0, le=72)]


def _own_risks() -> dict[str, tuple[str, ...]]:
    no_other_words: tuple[str, ...] = ()
    return dict.fromkeys(RISKS, no_other_words)


class SiteEntry(StrictModel):
    """One place, as written in ``clinic.yaml``."""

    code: Code
    name: Words
    zone: Zone
    phone: Words
    aliases: tuple[Words, ...] = ()

    def names(self) -> frozenset[str]:
        """All that a scheduling system may call it, without case."""
        return frozenset(name.strip().casefold() for name in (self.code, self.name, *self.aliases))


class TargetsEntry(StrictModel):
    """Minutes until a follow-up is late, by action."""

    call_911: Minutes = FollowUpTargets().call_911
    call_988: Minutes = FollowUpTargets().call_988
    page_1h: Minutes = FollowUpTargets().page_1h
    same_day: Minutes = FollowUpTargets().same_day
    routine: Minutes = FollowUpTargets().routine


class HomeDosesEntry(StrictModel):
    """What of a home dose is plausible."""

    most_ml: Annotated[float, Field(gt=0, le=1000)] = DoseLimits().most_ml
    most_sites: Annotated[int, Field(ge=1, le=12)] = DoseLimits().most_sites
    rest_days: Annotated[int, Field(ge=0, le=60)] = DoseLimits().rest_days


class ClinicFile(StrictModel):
    """The whole of ``clinic.yaml``."""

    MOVED: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("on_call", "escalate_every_minutes"),
        "has moved: write into roster.yaml, beside this file, who is paged and who is on when. Then"
        " delete it here.",
    )

    name: Words
    phone: Words
    zone: Zone
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("en", "es")
    default_language: Language = "en"
    sites: Annotated[tuple[SiteEntry, ...], Field(min_length=1)]
    default_site: Code | None = None
    services: dict[Code, tuple[Words, ...]]
    """Kind of visit -> the service texts of the scheduling system that mean it."""
    risks: dict[Code, tuple[Words, ...]] = Field(default_factory=_own_risks)
    """Risk flag -> the words of the scheduling system that mean it, beside its own name."""
    coverage: Coverage = Coverage.HOURS_ONLY
    targets: TargetsEntry = TargetsEntry()
    prepare_hours_before: HoursBefore = 2
    home_doses: HomeDosesEntry = HomeDosesEntry()
    takeover_minutes: Minutes = 60
    email_agreement: bool = False
    email_from: EmailAddress = "no-reply@clinic.invalid"
    email_reply_to: EmailAddress | None = None
    carrier_answers_keywords: bool = True
    carrier_help_names_us: bool = False
    segment_price_usd: Price | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "ClinicFile":
        if self.default_language not in self.languages:
            raise FaultAt(
                ("default_language",),
                f"'{self.default_language}' is not among languages. Add it there.",
            )
        self._check_phones()
        self._check_sites()
        self._check_words("services", self.services)
        self._check_words("risks", self.named_risks())
        return self

    def named_risks(self) -> dict[str, tuple[str, ...]]:
        """Risk flag -> all words that mean it, its own name first."""
        return {flag: (flag, *words) for flag, words in self.risks.items()}

    def _check_phones(self) -> None:
        phones: dict[Place, str] = {("phone",): self.phone}
        for index, site in enumerate(self.sites):
            phones["sites", str(index), "phone"] = site.phone
        for place, phone in phones.items():
            if not _possible(phone, self.region):
                raise FaultAt(
                    place,
                    f"is not a phone number in {self.region}."
                    " Write it as patients should read it, such as 202-555-0123.",
                )

    def _check_sites(self) -> None:
        owner: dict[str, str] = {}
        for index, site in enumerate(self.sites):
            for name in sorted(site.names() & owner.keys()):
                raise FaultAt(
                    ("sites", str(index)),
                    f"'{name}' also names the site {owner[name]}. Leave it to the one it means.",
                )
            owner |= dict.fromkeys(site.names(), site.code)
        codes = {site.code for site in self.sites}
        if self.default_site is not None and self.default_site not in codes:
            raise FaultAt(
                ("default_site",),
                f"'{self.default_site}' is not the code of a site. Write one of"
                f" {', '.join(sorted(codes))}.",
            )

    def _check_words(self, setting: str, meant: Mapping[str, tuple[str, ...]]) -> None:
        owner: dict[str, str] = {}
        for kind, texts in meant.items():
            for index, text in enumerate(texts):
                if owner.setdefault(text.strip().casefold(), kind) != kind:
                    raise FaultAt(
                        (setting, kind, str(index)),
                        f"'{text}' also means {owner[text.strip().casefold()]}."
                        " Leave it to one of them.",
                    )


def _possible(phone: str, region: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(phone, region))
    except phonenumbers.NumberParseException:
        return False


def load_clinic(path: Path) -> Clinic:
    """The clinic that ``clinic.yaml`` describes.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is missing or wrong; names the line.
    """
    written = load_document(path, ClinicFile)
    return Clinic(
        name=written.name,
        phone=written.phone,
        zone=ZoneInfo(written.zone),
        region=written.region,
        sites=tuple(_site(entry) for entry in written.sites),
        services=_by_word(written.services),
        default_site=written.default_site,
        languages=written.languages,
        default_language=written.default_language,
        coverage=written.coverage,
        targets=FollowUpTargets(**written.targets.model_dump()),
        prepare_hours_before=written.prepare_hours_before,
        home_doses=DoseLimits(**written.home_doses.model_dump()),
        takeover_minutes=written.takeover_minutes,
        email_agreement=written.email_agreement,
        email_from=written.email_from,
        email_reply_to=written.email_reply_to,
        carrier_answers_keywords=written.carrier_answers_keywords,
        carrier_help_names_us=written.carrier_help_names_us,
        segment_price_usd=written.segment_price_usd,
        risks=_by_word(written.named_risks()),
    )


def _by_word(meant: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {text.strip().casefold(): kind for kind, texts in meant.items() for text in texts}


def _site(entry: SiteEntry) -> Site:
    return Site(
        code=entry.code,
        name=entry.name,
        zone=ZoneInfo(entry.zone),
        phone=entry.phone,
        aliases=entry.names(),
    )

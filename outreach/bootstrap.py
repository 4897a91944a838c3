"""The only place that wires adapters: settings in, a ``World`` out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from outreach.channels.page_webhook import PageWebhook, PageWebhookConfig
from outreach.channels.sendgrid_email import SendGridConfig, SendGridEmail
from outreach.channels.smtp_email import SmtpConfig, SmtpEmail
from outreach.channels.twilio_calls import TwilioCalls
from outreach.channels.twilio_channel import TwilioConfig
from outreach.channels.twilio_consent import ACCOUNTS, ConsentConfig, TwilioConsent
from outreach.channels.twilio_http import HttpLimits
from outreach.channels.twilio_media import MediaConfig, TwilioMedia
from outreach.channels.twilio_sms import TwilioSms
from outreach.clocks import SharedClock, SystemClock
from outreach.configuration.approvals_file import APPROVALS, RecordedApprovals
from outreach.configuration.clinic_file import load_clinic
from outreach.configuration.copy_file import load_copy_words
from outreach.configuration.interface_files import load_interfaces
from outreach.configuration.journey_files import load_journeys
from outreach.configuration.policy_file import load_policy
from outreach.configuration.roster_file import ROSTER, RosterOnFile
from outreach.configuration.senders_file import SENDERS, Written, load_senders
from outreach.configuration.sign_off import RecordedSignOff
from outreach.configuration.survey_files import load_surveys
from outreach.configuration.triage_files import load_engine
from outreach.domain.clinic import Clinic
from outreach.domain.clock import Clock
from outreach.domain.errors import ConfigurationError
from outreach.domain.interfaces import Interface
from outreach.domain.people import MAJORITY
from outreach.domain.roster import Roster
from outreach.domain.senders import OWN, STAFF, Sender, SenderKind, Senders
from outreach.domain.states import ChannelKind
from outreach.intake.detect import Intake
from outreach.pacing import build_pace
from outreach.pipeline.coverage import FIRST_LOOK
from outreach.pipeline.ports import (
    CarrierConsent,
    Channel,
    MediaSource,
    NoMedia,
    Pace,
    RosterBook,
    Unpaced,
    Wake,
)
from outreach.pipeline.world import Tempo, World
from outreach.rendering.copy_rules import CopyRules
from outreach.rendering.messages import MessageTemplates
from outreach.rendering.staff_words import StaffWords
from outreach.settings import Settings
from outreach.storage.crypto import Keyring
from outreach.storage.database import Database
from outreach.storage.models import JourneyVersion, Site
from outreach.wakeup import CeleryWake, NoWake

log = structlog.get_logger(__name__)

SANDBOX_ACCOUNT = "AC" + "5a" * 16
SANDBOX_NUMBER = "+12025550100"
SANDBOX_STAFF_NUMBER = "+12025550101"
SANDBOX_TOKEN = "sandbox-auth-token"  # noqa: S105 - opens nothing but the sandbox on localhost
SANDBOX_SENDGRID_SEED = "outreach-sandbox"
"""The key of the sandbox's email events is derived from it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Adapters to use in place of the wired ones: tests and simulations bring their own."""

    clinic_clock: Clock | None = None
    machine_clock: Clock | None = None
    channels: Mapping[ChannelKind, Channel] | None = None
    wake: Wake | None = None


def build_world(settings: Settings, parts: Parts | None = None) -> World:
    """Everything a process needs to work on the road.

    Raises:
        ConfigurationError: a setting or a file in ``config/`` is wrong.
    """
    parts = parts or Parts()
    folder = settings.config_path()
    clinic = load_clinic(folder / "clinic.yaml")
    policy = load_policy(folder / "policy.yaml")
    renderer = MessageTemplates()
    machine = parts.machine_clock or SystemClock()
    surveys = load_surveys(folder / "surveys", clinic, renderer.names())
    keys, index_key = settings.key_bytes()
    roster = RosterOnFile(folder / ROSTER, clinic)
    channels = parts.channels
    written = load_senders(folder / SENDERS, clinic)
    senders = Senders(written.senders or (Sender(OWN),))
    if channels is None:
        channels = build_channels(settings, clinic, roster, machine)
        senders = build_senders(settings, written)
    return World(
        db=Database(settings.database(), Keyring(keys, index_key)),
        clinic_clock=parts.clinic_clock or clinic_clock(settings, machine),
        machine_clock=machine,
        clinic=clinic,
        policy=policy,
        journeys=load_journeys(folder / "journeys", clinic, renderer.names(), surveys),
        surveys=surveys,
        triage=load_engine(folder / "triage"),
        renderer=renderer,
        channels=channels,
        parse=build_intake(
            clinic, load_interfaces(folder / "interfaces", clinic), policy.people.majority
        ),
        roster=roster,
        wake=parts.wake or _wake(settings, machine),
        public_url=settings.public_url,
        tempo=_tempo(settings),
        sign_off=_sign_off(settings, clinic, renderer, real_channels(settings, parts)),
        wording=StaffWords(renderer, lambda: build_copy_rules(folder, clinic)),
        media=_media(settings, written) if channels is None else NoMedia(),
        carrier_consent=_carrier_consent(settings, written) if channels is None else None,
        senders=senders,
        carrier_zone=written.carrier_zone,
        pace=_pace(settings, senders, machine),
    )


def real_channels(settings: Settings, parts: Parts | None = None) -> frozenset[ChannelKind]:
    """The channels whose messages reach real people, so that their texts need approval.

    None do where a simulation or a test brings channels of its own. Texts and emails may differ:
    an email provider can be set up before the Twilio account is.
    """
    if parts is not None and parts.channels is not None:
        return frozenset()
    live_email = not settings.sandbox and (settings.smtp_host or settings.sendgrid_api_key)
    real = {ChannelKind.SMS: not settings.uses_sandbox, ChannelKind.EMAIL: bool(live_email)}
    return frozenset(kind for kind, reaches in real.items() if reaches)


def _sign_off(
    settings: Settings,
    clinic: Clinic,
    renderer: MessageTemplates,
    channels: frozenset[ChannelKind],
) -> RecordedSignOff:
    approvals = RecordedApprovals(settings.config_path() / APPROVALS)
    approvals.now()  # a fault in the file is told at the start, with its line
    return RecordedSignOff(approvals, renderer.version, clinic.default_language, channels)


def build_copy_rules(folder: Path, clinic: Clinic) -> CopyRules:
    """What this clinic's messages may say. Raises ConfigurationError when copy.yaml is wrong."""
    words = load_copy_words(folder / "copy.yaml", clinic.languages)
    return CopyRules(words, languages=clinic.languages)


def build_intake(
    clinic: Clinic, interfaces: Iterable[Interface] = (), majority: int = MAJORITY
) -> Intake:
    """The parsers, knowing the clinic's region, the zones of its sites and its senders' ways."""
    return Intake(
        default_zone=clinic.zone,
        region=clinic.region,
        zone_of=lambda text: site.zone if (site := clinic.site_named(text)) else None,
        interfaces={interface.name: interface.settings for interface in interfaces},
        majority=majority,
    )


def clinic_clock(settings: Settings, machine: Clock) -> Clock:
    """Clinic time: the machine's own, unless a run shares a clock of its own."""
    if settings.clock_file is None:
        return machine
    return SharedClock(settings.clock_file, machine)


def build_channels(
    settings: Settings, clinic: Clinic, roster: RosterBook, machine: Clock
) -> dict[ChannelKind, Channel]:
    """SMS through Twilio or the sandbox; email where it may go; calls and requests to staff.

    Live email needs a recorded business associate agreement: SendGrid is not on Twilio's list of
    HIPAA-eligible services.
    """
    twilio = _twilio(settings, load_senders(settings.config_path() / SENDERS, clinic))
    channels: dict[ChannelKind, Channel] = {ChannelKind.SMS: TwilioSms(twilio)}
    if twilio.staff_number or twilio.from_number:
        channels[ChannelKind.VOICE] = TwilioCalls(twilio)
    if settings.page_secret is not None:
        secret = settings.page_secret.get_secret_value()
        config = PageWebhookConfig(secret, lambda: page_addresses(roster.now()))
        channels[ChannelKind.WEBHOOK] = PageWebhook(config, machine)
    email = build_email(settings, clinic)
    if email is not None:
        channels[ChannelKind.EMAIL] = email
    return channels


def build_senders(settings: Settings, written: Written) -> Senders:
    """Those of ``senders.yaml``, else the one of the environment; and the number for staff."""
    twilio = _twilio(settings, written)
    own = Sender(
        OWN,
        twilio.messaging_service_sid or twilio.from_number or "",
        SenderKind.LOCAL if twilio.messaging_service_sid is None else SenderKind.SERVICE,
    )
    patients = written.senders or (own,)
    shared = twilio.staff_number in {one.address for one in patients}  # then it is one sender
    number = None if shared else twilio.staff_number
    return Senders(patients, None if number is None else Sender(STAFF, number))


def _pace(settings: Settings, senders: Senders, machine: Clock) -> Pace:
    """Nobody is asked where no sender has a rate."""
    if all(one.per_second is None for one in senders.known()):
        return Unpaced()
    return build_pace(settings.broker_url, machine)


def page_addresses(roster: Roster) -> frozenset[str]:
    """Where pages may be posted to."""
    return frozenset(
        way.address
        for person in roster.people.values()
        for way in person.reach
        if way.channel is ChannelKind.WEBHOOK
    )


def _media(settings: Settings, written: Written) -> MediaSource:
    """Pictures are where the texts are."""
    twilio = _twilio(settings, written)
    return TwilioMedia(MediaConfig(twilio.account_sid, twilio.auth_token, twilio.base_url))


def _carrier_consent(settings: Settings, written: Written) -> CarrierConsent | None:
    """The carrier's list of consents, where the installation says that it is to be told."""
    if not settings.carrier_consent:
        return None
    twilio = _twilio(settings, written)
    sender = twilio.messaging_service_sid or twilio.from_number or ""
    base = twilio.base_url if settings.uses_sandbox else ACCOUNTS
    return TwilioConsent(ConsentConfig(twilio.account_sid, twilio.auth_token, sender, base))


def _twilio(settings: Settings, written: Written | None = None) -> TwilioConfig:
    """The account, and the sender of whatever names none: the first of ``senders.yaml``."""
    limits = _http_limits(settings)
    first = written.senders[0] if written is not None and written.senders else None
    is_service = first is not None and first.kind is SenderKind.SERVICE
    if settings.uses_sandbox:
        return TwilioConfig(
            account_sid=SANDBOX_ACCOUNT,
            auth_token=SANDBOX_TOKEN,
            public_url=settings.public_url,
            from_number=SANDBOX_NUMBER,
            staff_number=SANDBOX_STAFF_NUMBER,
            base_url=settings.sandbox_url,
            limits=limits,
        )
    if settings.twilio_auth_token is None:
        raise ConfigurationError("TWILIO_ACCOUNT_SID is set, but TWILIO_AUTH_TOKEN is not.")
    service, number = settings.twilio_messaging_service_sid, settings.twilio_from_number
    if first is not None:
        service, number = (first.address, None) if is_service else (None, first.address)
    return TwilioConfig(
        account_sid=settings.twilio_account_sid or "",
        auth_token=settings.twilio_auth_token.get_secret_value(),
        public_url=settings.public_url,
        messaging_service_sid=service,
        from_number=number,
        staff_number=settings.twilio_staff_from,
        limits=limits,
    )


def build_email(settings: Settings, clinic: Clinic) -> Channel | None:
    """The email channel, or None where no email may leave: see ``build_channels``."""
    live = not settings.sandbox and (settings.smtp_host or settings.sendgrid_api_key)
    if live and not clinic.email_agreement:
        log.warning("email.off", why="clinic.yaml records no agreement with the email provider")
        return None
    if live and settings.smtp_host:
        return SmtpEmail(
            SmtpConfig(
                host=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=settings.smtp_password.get_secret_value(),
                from_email=clinic.email_from,
                from_name=clinic.name,
                public_url=settings.public_url,
                reply_to=clinic.email_reply_to,
            )
        )
    if live and settings.sendgrid_api_key is not None:
        key = settings.sendgrid_api_key.get_secret_value()
        return SendGridEmail(
            SendGridConfig(
                key,
                clinic.email_from,
                clinic.name,
                settings.public_url,
                reply_to=clinic.email_reply_to,
            )
        )
    if not settings.uses_sandbox:
        return None
    return SendGridEmail(
        SendGridConfig(
            api_key="SG.sandbox",
            from_email=clinic.email_from,
            from_name=clinic.name,
            public_url=settings.public_url,
            reply_to=clinic.email_reply_to,
            base_url=settings.sandbox_url,
        )
    )


def _http_limits(settings: Settings) -> HttpLimits:
    """A request begins within ``_begin`` and ends, one way or another, by the deadline."""
    total = settings.request_seconds - _begin(settings)
    return HttpLimits(
        connect_seconds=min(5.0, total),
        read_seconds=total,
        total_seconds=total,
        in_flight=settings.in_flight,
    )


def _begin(settings: Settings) -> float:
    return min(5.0, settings.request_seconds / 4)


def _wake(settings: Settings, machine: Clock) -> Wake:
    return CeleryWake(settings.broker_url, machine) if settings.broker_url else NoWake()


def _tempo(settings: Settings) -> Tempo:
    if settings.lease_seconds <= settings.request_seconds:
        raise ConfigurationError(
            "OUTREACH_LEASE_SECONDS must be more than OUTREACH_REQUEST_SECONDS: a claim may only "
            "pass to another worker when no request of it can be under way."
        )
    return Tempo(
        begin=_begin(settings),
        request=settings.request_seconds,
        lease=settings.lease_seconds,
        settle=(settings.settle_first_seconds, settings.settle_last_seconds),
    )


def record_configuration(world: World) -> None:
    """Writes the sites and journey versions in force to the database, for history's sake.

    And has the roster looked at: it may have been edited while nothing ran.
    """
    with world.db.write() as unit:
        unit.coverage.look_at(world.clinic_now() + FIRST_LOOK)
        for site in world.clinic.sites:
            unit.people.put_site(
                Site(code=site.code, name=site.name, zone=site.zone.key, phone=site.phone)
            )
        for journey in world.journeys:
            if not unit.people.knows_journey(journey.name, journey.digest):
                unit.add(
                    JourneyVersion(
                        id=world.new_id(),
                        name=journey.name,
                        digest=journey.digest,
                        body=journey.source,
                        loaded_at=world.clinic_now(),
                    )
                )

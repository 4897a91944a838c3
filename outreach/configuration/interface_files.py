"""``config/interfaces/*.yaml`` -> ``Interface``: how each scheduling system writes and is answered.

One file per sender; its name is the interface's name. A clinic without such a file has none, and
its senders are read in the usual way.
"""

import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from outreach.configuration.clinic_file import Words, Zone
from outreach.configuration.documents import StrictModel, load_document
from outreach.domain.clinic import Clinic
from outreach.domain.errors import ConfigurationError
from outreach.domain.events import AppointmentStatus
from outreach.domain.interfaces import (
    STATUS_WORDS,
    AckMode,
    Interface,
    InterfaceSettings,
    MllpEndpoint,
    MllpLimits,
    TlsFiles,
    status_key,
)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_PLACE = re.compile(r"[A-Z][A-Z0-9]{2}-[1-9][0-9]?")
_USUAL = InterfaceSettings()
_LIMITS = MllpLimits()
_MEGABYTE = 1024 * 1024


def _place(text: str) -> str:
    if not _PLACE.fullmatch(text):
        raise ValueError(f"'{text}' is not a field. Write segment and number, as in AIS-3.")
    return text


Place = Annotated[str, AfterValidator(_place)]
"""A field of HL7 v2."""
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class AcknowledgeEntry(StrictModel):
    """How an HL7 v2 sender is answered."""

    mode: Literal["original", "enhanced"] = "original"
    errors: Literal["tell", "quarantine"] = "tell"
    """``quarantine`` accepts what is wrong too, and keeps it for staff."""


class TlsEntry(StrictModel):
    """PEM files, as paths from the folder of this file."""

    certificate: Words
    key: Words
    client_authorities: Words | None = None


class LimitsEntry(StrictModel):
    """What one connection may do."""

    frame_megabytes: Annotated[float, Field(gt=0, le=32)] = _LIMITS.frame_bytes / _MEGABYTE
    connections: Annotated[int, Field(ge=1, le=1000)] = _LIMITS.connections
    idle_seconds: Seconds = _LIMITS.idle_seconds
    frame_seconds: Seconds = _LIMITS.frame_seconds
    ack_seconds: Seconds = _LIMITS.ack_seconds


class MllpEntry(StrictModel):
    """Where it is listened to."""

    host: Words = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: TlsEntry | None = None
    limits: LimitsEntry = LimitsEntry()


class InterfaceFile(StrictModel):
    """One file. What it leaves out is read in the usual way."""

    site: Words | None = None
    zone: Zone | None = None
    authority: Words | None = None
    status_words: dict[Words, AppointmentStatus] = Field(default_factory=dict)
    service_fields: tuple[Place, ...] = Field(_USUAL.service_fields, min_length=1)
    processing_ids: tuple[Literal["P", "T", "D"], ...] = Field(("P", "T", "D"), min_length=1)
    acknowledge: AcknowledgeEntry = AcknowledgeEntry()
    mllp: MllpEntry | None = None

    @field_validator("site")
    @classmethod
    def _site_is_known(cls, code: str | None, info: ValidationInfo) -> str | None:
        clinic = info.context
        if code is not None and isinstance(clinic, Clinic):
            known = [site.code for site in clinic.sites]
            if code not in known:
                raise ValueError(
                    f"'{code}' is not a site of clinic.yaml. Write one of {', '.join(known)}."
                )
        return code

    def settings(self) -> InterfaceSettings:
        """How this sender is read."""
        own = {status_key(word): status for word, status in self.status_words.items()}
        return InterfaceSettings(
            status_words={**STATUS_WORDS, **own},
            service_fields=self.service_fields,
            processing_ids=frozenset({*self.processing_ids, ""}),
            site=self.site,
            zone=ZoneInfo(self.zone) if self.zone else None,
            authority=self.authority,
            ack_mode=AckMode(self.acknowledge.mode),
            accept_all=self.acknowledge.errors == "quarantine",
        )


def load_interfaces(folder: Path, clinic: Clinic) -> tuple[Interface, ...]:
    """The interfaces of ``folder`` in the order of their files' names; none without a folder.

    Raises:
        outreach.domain.errors.ConfigurationError: a file is wrong, or two listen on one port;
            names file, line and remedy.
    """
    if misnamed := sorted(folder.glob("*.yml")):
        raise ConfigurationError(f"{misnamed[0]}: is not read. Let its name end in .yaml.")
    found: list[Interface] = []
    listening: dict[int, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        interface = _interface(path, clinic)
        found.append(interface)
        if interface.mllp is not None:
            other = listening.setdefault(interface.mllp.port, path)
            if other != path:
                raise ConfigurationError(
                    f"{path}: mllp.port: {interface.mllp.port} is that of {other.name} already. "
                    "Choose another port, so that senders can be told apart."
                )
    return tuple(found)


def _interface(path: Path, clinic: Clinic) -> Interface:
    if not _NAME.fullmatch(path.stem):
        raise ConfigurationError(
            f"{path}: the file's name names the interface. Use small letters, digits, '-' and '_', "
            "as in scheduling.yaml."
        )
    written = load_document(path, InterfaceFile, clinic)
    endpoint = None if written.mllp is None else _endpoint(written.mllp, path.parent)
    return Interface(path.stem, written.settings(), endpoint)


def _endpoint(written: MllpEntry, folder: Path) -> MllpEndpoint:
    limits = MllpLimits(
        frame_bytes=int(written.limits.frame_megabytes * _MEGABYTE),
        connections=written.limits.connections,
        idle_seconds=written.limits.idle_seconds,
        frame_seconds=written.limits.frame_seconds,
        ack_seconds=written.limits.ack_seconds,
    )
    tls = None
    if written.tls is not None:
        authorities = written.tls.client_authorities
        tls = TlsFiles(
            certificate=folder / written.tls.certificate,
            key=folder / written.tls.key,
            client_authorities=None if authorities is None else folder / authorities,
        )
    return MllpEndpoint(written.host, written.port, tls, limits)

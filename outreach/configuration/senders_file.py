"""``senders.yaml`` -> the numbers and Messaging Services that texts to patients come from.

The file may be missing: then the environment sets the one sender.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from outreach.configuration.documents import FaultAt, StrictModel, load_document
from outreach.domain.clinic import Clinic
from outreach.domain.retries import CARRIER_ZONE
from outreach.domain.senders import OWN, STAFF, Sender, SenderKind

SENDERS = "senders.yaml"

_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_SHORT = re.compile(r"\d{5,6}")


@dataclass(frozen=True, slots=True)
class Written:
    """What the file says."""

    senders: tuple[Sender, ...] = ()
    """Empty where there is no file."""
    carrier_zone: ZoneInfo = CARRIER_ZONE


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"'{name}' is not an IANA time zone. Write one such as America/Los_Angeles."
        ) from None
    return name


class SenderEntry(StrictModel):
    """One sender."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,29}$")]
    kind: SenderKind
    number: str | None = None
    messaging_service_sid: str | None = None
    per_second: Annotated[float, Field(gt=0, le=1000)] | None = None
    sites: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _address_of_its_kind(self) -> "SenderEntry":
        if self.name in {OWN, STAFF}:
            raise FaultAt(("name",), f"'{self.name}' is taken by the program. Write another name.")
        if self.kind is SenderKind.SERVICE:
            if self.number is not None or not _SERVICE.fullmatch(self.messaging_service_sid or ""):
                raise ValueError(
                    "a messaging_service has a messaging_service_sid (MG and 32 hex digits) and no"
                    " number. Correct it."
                )
            return self
        form = _SHORT if self.kind is SenderKind.SHORT_CODE else _NUMBER
        if self.messaging_service_sid is not None or not form.fullmatch(self.number or ""):
            like = "five or six digits" if form is _SHORT else "+ and the country code"
            raise ValueError(f"a {self.kind} has a number ({like}) and no service. Correct it.")
        return self

    def sender(self) -> Sender:
        """The same in the words of the domain."""
        return Sender(
            name=self.name,
            address=self.number or self.messaging_service_sid or "",
            kind=self.kind,
            per_second=self.per_second,
            sites=frozenset(self.sites),
        )


class SendersFile(StrictModel):
    """The whole of ``senders.yaml``."""

    senders: Annotated[tuple[SenderEntry, ...], Field(min_length=1)]
    carrier_zone: Annotated[str, AfterValidator(_zone)] = CARRIER_ZONE.key

    @model_validator(mode="after")
    def _each_once(self) -> "SendersFile":
        seen: set[str] = set()
        for place, entry in enumerate(self.senders):
            address = entry.number or entry.messaging_service_sid or ""
            for word in (entry.name, address):
                if word in seen:
                    raise FaultAt(
                        ("senders", str(place)), f"'{word}' stands here twice. Keep one of them."
                    )
            seen |= {entry.name, address}
        return self

    @model_validator(mode="after")
    def _sites_known(self, info: ValidationInfo) -> "SendersFile":
        clinic = info.context
        if not isinstance(clinic, Clinic):
            return self
        known = {site.code for site in clinic.sites}
        for place, entry in enumerate(self.senders):
            for number, code in enumerate(entry.sites):
                if code not in known:
                    raise FaultAt(
                        ("senders", str(place), "sites", str(number)),
                        f"clinic.yaml has no site '{code}'. Write one of its codes.",
                    )
        return self


def load_senders(path: Path, clinic: Clinic) -> Written:
    """The senders of ``senders.yaml``; none where there is no such file.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is wrong; names the line.
    """
    if not path.exists():
        return Written()
    written = load_document(path, SendersFile, context=clinic)
    return Written(
        tuple(entry.sender() for entry in written.senders), ZoneInfo(written.carrier_zone)
    )

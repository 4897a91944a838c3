"""From which of our numbers or services a text goes: a patient's thread stays on one of them.

Pure: health is passed in. ``config/senders.yaml`` lists the senders; without it there is one.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class SenderKind(StrEnum):
    """What sort of sender; in the order in which they are preferred for a site."""

    LOCAL = "10dlc"
    SERVICE = "messaging_service"
    SHORT_CODE = "short_code"
    TOLL_FREE = "toll_free"


_PREFERRED = tuple(SenderKind)
OWN = "default"
"""The name of the one sender that the environment sets."""
STAFF = "staff"
"""The name of the number that staff are paged from."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A number or Messaging Service that texts can come from."""

    name: str
    """How the file and the operator call it."""
    address: str = ""
    """E.164, a short code, or the SID of a Messaging Service; empty is the channel's own."""
    kind: SenderKind = SenderKind.LOCAL
    per_second: float | None = None
    """Message segments it may send in a second (MPS); None is not paced."""
    sites: frozenset[str] = frozenset()
    """The codes of the sites it serves; empty for all."""


@dataclass(frozen=True, slots=True)
class Senders:
    """All that texts can come from."""

    patients: tuple[Sender, ...] = (Sender(OWN),)
    staff: Sender | None = None
    """Pages go from here, so that what befalls the patients' senders does not befall them."""

    def known(self) -> tuple[Sender, ...]:
        """Every one, staff's too."""
        return self.patients if self.staff is None else (*self.patients, self.staff)

    @property
    def several(self) -> bool:
        """Whether there is a choice for patients, so that it must be remembered."""
        return len(self.patients) > 1

    def for_patient(
        self, patient: UUID | None, site: str | None, sticky: str | None
    ) -> Sequence[Sender]:
        """In the order of trial: the thread's own, then those of the site, those of all sites,
        those of other sites; in each, by kind, then spread over patients by their rates.

        The first that is healthy is taken.
        """
        if len(self.patients) == 1:
            return self.patients
        key = b"" if patient is None else patient.bytes
        return sorted(
            self.patients,
            key=lambda one: (
                one.name != sticky,
                _distance(one, site),
                _PREFERRED.index(one.kind),
                _lot(one, key),
            ),
        )

    def for_staff(self) -> Sequence[Sender]:
        """The staff's own; where that is stopped a page goes from any other."""
        return self.patients if self.staff is None else (self.staff, *self.patients)

    def named(self, name: str | None) -> Sender | None:
        """The one with a name."""
        return next((one for one in self.known() if one.name == name), None)

    def at(self, address: str | None) -> Sender | None:
        """The one with an address."""
        return next((one for one in self.known() if one.address == (address or "")), None)


def _distance(sender: Sender, site: str | None) -> int:
    if not sender.sites:
        return 1
    return 0 if site is not None and site in sender.sites else 2


def _lot(sender: Sender, key: bytes) -> float:
    """Rendezvous hashing: each patient has an order of their own, so a sender that is added or
    removed moves no thread but its own. The least wins, a faster sender's more often."""
    digest = hashlib.blake2b(sender.name.encode() + b"\0" + key, digest_size=8).digest()
    share = (int.from_bytes(digest) + 1) / (2**64 + 1)
    return -math.log(share) / (sender.per_second or 1.0)

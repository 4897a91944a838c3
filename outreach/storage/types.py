"""Column types: UTC instants of a named clock, sealed text, and words from closed lists."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Dialect, Enum, LargeBinary
from sqlalchemy.types import TypeDecorator, TypeEngine

from outreach.domain.states import PATIENT_CHANNELS, ChannelKind
from outreach.storage.crypto import keyring


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC. ``clock`` says whose time it holds: clinic or machine."""

    impl = DateTime
    cache_ok = True

    def __init__(self, clock: str) -> None:
        super().__init__(timezone=True)
        self.clock = clock

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite has no zones: it holds UTC without saying so."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a naive datetime: it would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive datetime reached the database; pass an aware one.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def clinic_instant() -> UtcInstant:
    """When something happens or happened for patients and staff."""
    return UtcInstant("clinic")


def machine_instant() -> UtcInstant:
    """When this program did something: leases, deadlines, attempts."""
    return UtcInstant("machine")


class Sealed(TypeDecorator[str]):
    """Text encrypted by the process's keyring; ``label`` binds a value to its column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Seals on the way in."""
        return None if value is None else keyring().encrypt(value, self.label)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Opens on the way out."""
        return None if value is None else keyring().decrypt(bytes(value), self.label)


class SealedBytes(TypeDecorator[bytes]):
    """Bytes encrypted by the process's keyring, such as a picture; ``label`` binds them."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seals on the way in."""
        return None if value is None else keyring().seal(value, self.label)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Opens on the way out."""
        return None if value is None else keyring().open(bytes(value), self.label)


def word(kind: type[StrEnum], *, checked: bool = True) -> Enum:
    """A closed list as text with a CHECK, so that both databases hold the same thing."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=checked,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        name=kind.__name__.lower(),
    )


def patient_channel() -> Enum:
    """A way to a patient. Its table also has the constraint ``only_patient_channels``."""
    return word(ChannelKind, checked=False)


def only_patient_channels() -> CheckConstraint:
    """Calls and requests carry pages to staff: no patient's address is one."""
    listed = ", ".join(f"'{channel.value}'" for channel in PATIENT_CHANNELS)
    return CheckConstraint(f"channel IN ({listed})", name="channelkind")

"""What an installation sets from outside: the environment, and nothing else.

Credentials come only from here. Without Twilio's the sandbox carrier is used, and says so.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from outreach.domain.errors import ConfigurationError

SANDBOX_URL = "http://127.0.0.1:8010"
_SHIPPED_CONFIG = Path(__file__).parent.parent / "config"


class Settings(BaseSettings):
    """Names are OUTREACH_<FIELD>, except the providers' own well-known ones."""

    model_config = SettingsConfigDict(
        env_prefix="OUTREACH_",
        env_file=".env",
        env_ignore_empty=True,  # "NAME=" in a file means that it is not set
        extra="ignore",
        populate_by_name=True,
    )

    data_dir: Path = Path("var")
    """Holds the SQLite database, keys and logs of a one-machine installation."""
    config_dir: Path | None = None
    database_url: str | None = None
    broker_url: str | None = None
    """``redis://...``, ``redis+socket://...`` or ``filesystem:///folder``."""
    keys: SecretStr | None = None
    """``id:base64,older:base64``: the first encrypts, all decrypt."""
    index_key: SecretStr | None = None
    public_url: Annotated[str, AfterValidator(lambda url: url.rstrip("/"))] = (
        "http://127.0.0.1:8000"
    )
    """Where Twilio and SendGrid reach this program; a slash at its end is dropped."""
    api_key: SecretStr | None = None
    staff_token: SecretStr | None = None
    twilio_account_sid: str | None = Field(None, alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr | None = Field(None, alias="TWILIO_AUTH_TOKEN")
    twilio_auth_token_next: SecretStr | None = Field(None, alias="TWILIO_AUTH_TOKEN_NEXT")
    twilio_messaging_service_sid: str | None = Field(None, alias="TWILIO_MESSAGING_SERVICE_SID")
    twilio_from_number: str | None = Field(None, alias="TWILIO_FROM_NUMBER")
    twilio_staff_from: str | None = Field(None, alias="TWILIO_STAFF_FROM")
    """The number from which staff are paged and called: not the patients'."""
    page_secret: SecretStr | None = None
    """Signs pages that are posted to a pager; without it none are."""
    carrier_consent: bool = False
    """Whether Twilio's list of consents, which is not HIPAA-eligible, is told of our opt-outs."""
    sendgrid_api_key: SecretStr | None = Field(None, alias="SENDGRID_API_KEY")
    sendgrid_webhook_public_key: str | None = Field(None, alias="SENDGRID_WEBHOOK_PUBLIC_KEY")
    sendgrid_inbound_public_key: str | None = Field(None, alias="SENDGRID_INBOUND_PUBLIC_KEY")
    inbound_mail_secret: SecretStr | None = None
    """The end of the address that inbound emails are posted to."""
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    sandbox: bool = False
    """Every text and email goes to the sandbox carrier, whatever accounts are set."""
    sandbox_url: str = SANDBOX_URL
    clock_file: Path | None = None
    """A shared clinic clock (see ``clocks.SharedClock``); unset, clinic time is machine time."""
    tick_seconds: float = Field(1.0, gt=0)
    in_flight: int = Field(64, gt=0, le=1000)
    request_seconds: float = Field(20.0, gt=0)
    lease_seconds: float = Field(60.0, gt=0)
    settle_first_seconds: float = Field(60.0, gt=0)
    settle_last_seconds: float = Field(120.0, gt=0)

    @property
    def uses_sandbox(self) -> bool:
        """Whether texts go to the sandbox carrier: told to, or because no Twilio account is set."""
        return self.sandbox or not self.twilio_account_sid

    def config_path(self) -> Path:
        """The folder a clinic edits: as set, else ``./config``, else the one shipped with us."""
        if self.config_dir is not None:
            return self.config_dir
        here = Path("config")
        return here if (here / "clinic.yaml").is_file() else _SHIPPED_CONFIG

    def database(self) -> str:
        """The database address; SQLite in the data folder unless another is set."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'outreach.db'}"

    def key_bytes(self) -> tuple[Mapping[str, bytes], bytes]:
        """Encryption keys by id, and the index key.

        Raises:
            ConfigurationError: one is missing or is not base64 of 32 bytes; says how to make one.
        """
        if self.keys is None or self.index_key is None:
            missing = [
                name
                for name, value in (("KEYS", self.keys), ("INDEX_KEY", self.index_key))
                if value is None
            ]
            raise ConfigurationError(
                f"{' and '.join(f'OUTREACH_{name}' for name in missing)} must be set, in the "
                "environment or in .env. Make them with 'outreach keys' and keep them safe: "
                "without them nothing can be read. 'outreach up' makes its own."
            )
        pairs = [entry.partition(":") for entry in self.keys.get_secret_value().split(",")]
        keys = {name.strip(): _decode(value, "OUTREACH_KEYS") for name, _, value in pairs}
        return keys, _decode(self.index_key.get_secret_value(), "OUTREACH_INDEX_KEY")


def load_settings(**overrides: object) -> Settings:
    """The settings of this process.

    Raises:
        ConfigurationError: a value cannot be read; names the variable.
    """
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        known = name if name.startswith(("TWILIO", "SENDGRID")) else f"OUTREACH_{name}"
        raise ConfigurationError(f"{known}: {first['msg']}.") from None
    return with_kept_keys(settings)


def new_keys() -> tuple[str, str]:
    """A fresh pair for OUTREACH_KEYS and OUTREACH_INDEX_KEY."""
    key, index = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    return f"k1:{key}", index


def keep_keys(data_dir: Path) -> Path:
    """Makes the key file of a one-machine installation, once, readable by its owner alone."""
    path = data_dir / "keys.env"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        keys, index = new_keys()
        path.touch(mode=0o600)
        path.write_text(f"OUTREACH_KEYS={keys}\nOUTREACH_INDEX_KEY={index}\n")
    return path


def with_kept_keys(settings: Settings) -> Settings:
    """Keys kept beside the data serve where the environment names none."""
    path = settings.data_dir / "keys.env"
    if settings.keys is not None or not path.is_file():
        return settings
    kept = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return settings.model_copy(
        update={
            "keys": SecretStr(kept["OUTREACH_KEYS"]),
            "index_key": SecretStr(kept["OUTREACH_INDEX_KEY"]),
        }
    )


def _decode(value: str, name: str) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{name} is not base64. Make one with 'outreach keys'.") from None

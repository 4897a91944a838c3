"""Settings reach a child process through its environment and nothing of ours is left over."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from outreach.cli.environment import child_environment
from outreach.settings import Settings, load_settings

CHOSEN = {
    "data_dir": Path("/srv/data"),
    "config_dir": Path("/srv/config"),
    "database_url": "postgresql://outreach@db/outreach",
    "broker_url": "redis://redis:6379/0",
    "keys": SecretStr("k1:AAAA"),
    "index_key": SecretStr("BBBB"),
    "public_url": "https://outreach.example.org",
    "api_key": SecretStr("secret-1"),
    "staff_token": SecretStr("secret-2"),
    "twilio_account_sid": "AC1",
    "twilio_auth_token": SecretStr("secret-3"),
    "twilio_auth_token_next": SecretStr("secret-4"),
    "twilio_messaging_service_sid": "MG1",
    "twilio_from_number": "+12025550100",
    "twilio_staff_from": "+12025550101",
    "page_secret": SecretStr("secret-page-1234567"),
    "sendgrid_api_key": SecretStr("SG.1"),
    "sendgrid_webhook_public_key": "MFk=",
    "carrier_consent": True,
    "sendgrid_inbound_public_key": "MFk1",
    "inbound_mail_secret": SecretStr("a-secret-of-sixteen-letters-6"),
    "smtp_host": "mail.example.org",
    "smtp_port": 2525,
    "smtp_username": "outreach",
    "smtp_password": SecretStr("secret-5"),
    "sandbox": True,
    "sandbox_url": "http://127.0.0.1:1234",
    "clock_file": Path("/srv/clock"),
    "tick_seconds": 0.25,
    "in_flight": 7,
    "request_seconds": 3.5,
    "lease_seconds": 9.0,
    "settle_first_seconds": 1.5,
    "settle_last_seconds": 2.5,
}


def test_every_setting_arrives_as_it_was(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate(CHOSEN)
    assert CHOSEN.keys() == Settings.model_fields.keys()
    for name, value in child_environment(settings, {}).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_what_is_not_set_here_is_not_set_there_either(clean: Path) -> None:
    outside = {"PATH": "/bin", "OUTREACH_BROKER_URL": "redis://old", "TWILIO_ACCOUNT_SID": "AC1"}
    environment = child_environment(load_settings(), outside)
    assert environment["PATH"] == "/bin"
    assert "OUTREACH_BROKER_URL" not in environment
    assert "TWILIO_ACCOUNT_SID" not in environment

"""``outreach web``: webhooks, events and the follow-up list."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pydantic import SecretStr

    from outreach.settings import Settings
    from outreach.web.config import WebConfig


def web(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Run the web part until it is stopped. Put a proxy with TLS before it for a public address."""
    from outreach.bootstrap import build_world, record_configuration
    from outreach.cli.broker import broker_answers
    from outreach.collector import spare_the_collector
    from outreach.logs import configure_logs
    from outreach.settings import load_settings
    from outreach.web.app import create_app
    from outreach.web.server import serve

    settings = load_settings()
    configure_logs()
    world = build_world(settings)
    record_configuration(world)
    probe = partial(broker_answers, settings) if settings.broker_url else None
    app = create_app(world, web_config(settings), probe)
    spare_the_collector()
    try:
        serve(app, host, port)
    finally:
        world.db.close()


def web_config(settings: "Settings") -> "WebConfig":
    """What the web part checks signatures and keys against."""
    from outreach.bootstrap import SANDBOX_SENDGRID_SEED, SANDBOX_TOKEN
    from outreach.channels.signatures import sendgrid_key_from_seed, sendgrid_public_key
    from outreach.web.config import WebConfig

    tokens = [settings.twilio_auth_token, settings.twilio_auth_token_next]
    known = tuple(token.get_secret_value() for token in tokens if token is not None)
    mail_key = settings.sendgrid_webhook_public_key
    if settings.uses_sandbox:
        known = (SANDBOX_TOKEN,)
        mail_key = sendgrid_public_key(sendgrid_key_from_seed(SANDBOX_SENDGRID_SEED))
    inbound_key, secret = settings.sendgrid_inbound_public_key, settings.inbound_mail_secret
    if settings.uses_sandbox:  # it signs, and knows no secret
        inbound_key, secret = mail_key, None
    return WebConfig(
        public_url=settings.public_url,
        twilio_tokens=known,
        sendgrid_public_keys=(mail_key,) if mail_key else (),
        inbound_mail_key=inbound_key,
        inbound_mail_secret=None if secret is None else secret.get_secret_value(),
        api_keys=_secrets(settings.api_key),
        staff_token=settings.staff_token.get_secret_value() if settings.staff_token else None,
        phones_url=f"{settings.sandbox_url}/phones" if settings.uses_sandbox else None,
    )


def _secrets(value: "SecretStr | None") -> tuple[str, ...]:
    return () if value is None else tuple(value.get_secret_value().split(","))

"""``outreach web``: webhooks, events and the follow-up list."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from outreach.settings import Settings
    from outreach.web.config import WebConfig


def web(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Run the web part until it is stopped. Put a proxy with TLS before it for a public address."""
    from outreach.bootstrap import build_world, record_configuration
    from outreach.logs import configure_logs
    from outreach.settings import load_settings
    from outreach.web.server import serve

    settings = load_settings()
    configure_logs()
    world = build_world(settings)
    record_configuration(world)
    try:
        serve(world, web_config(settings), host=host, port=port)
    finally:
        world.db.close()


def web_config(settings: "Settings") -> "WebConfig":
    """What the web part checks signatures and keys against."""
    from outreach.bootstrap import SANDBOX_TOKEN
    from outreach.web.config import WebConfig

    tokens = [settings.twilio_auth_token, settings.twilio_auth_token_next]
    known = tuple(token.get_secret_value() for token in tokens if token is not None)
    return WebConfig(
        public_url=settings.public_url,
        twilio_tokens=(SANDBOX_TOKEN,) if settings.uses_sandbox else known,
    )

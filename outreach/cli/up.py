"""``outreach up``: everything on one machine, for a small clinic."""

from typing import Annotated

import typer


def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the web part; 0 is any.")] = 8000,
    sandbox_port: Annotated[int, typer.Option(min=0, max=65535, help="Of the carrier.")] = 8010,
    sandbox: Annotated[
        bool | None,
        typer.Option(
            "--sandbox/--no-sandbox",
            help="Send to the sandbox carrier; by default only when no Twilio account is set.",
        ),
    ] = None,
) -> None:
    """Run everything on this machine until Ctrl-C: data and keys stay in OUTREACH_DATA_DIR (var).

    Web, two worker nodes with the beat, a Redis of its own, and the sandbox carrier where no Twilio
    account is set. What is under way when it stops goes on at the next start.
    """
    import logging

    from outreach.cli.stack import Stack
    from outreach.domain.errors import ConfigurationError
    from outreach.embedded.children import StopRequested
    from outreach.logs import configure_logs
    from outreach.settings import load_settings

    configure_logs(logging.ERROR)  # 'outreach doctor' tells the rest
    settings = load_settings()
    if sandbox is not None:
        settings = settings.model_copy(update={"sandbox": sandbox})
    if sandbox is False and settings.uses_sandbox:
        raise ConfigurationError(
            "--no-sandbox needs a Twilio account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
        )
    stack = Stack(settings, web_port=port, sandbox_port=sandbox_port)
    try:
        with stack:
            typer.echo("Starting ... (Ctrl-C stops everything)")
            stack.start()
            _tell(stack.web_url, stack.sandbox_url, stack.broker, str(stack.data))
            stack.watch()
    except StopRequested:
        typer.echo("Stopped. Everything is kept; 'outreach up' goes on from here.")


def _tell(web: str, sandbox: str | None, broker: str, data: str) -> None:
    typer.echo(f"Outreach     {web}")
    if sandbox is None:
        typer.echo("Texts        go out through the Twilio account that is set")
        typer.echo("Sign-off     what nobody approved waits: 'outreach doctor' lists it")
    else:
        typer.echo(f"Phones       {sandbox}/phones")
        typer.echo("Texts        go to the sandbox carrier: no Twilio account is in use")
        typer.echo("Sign-off     is not asked for: no text reaches a real patient")
    typer.echo(f"Wake-ups by  {broker}")
    typer.echo(f"Data, keys   {data}  (back it up, the keys apart)")

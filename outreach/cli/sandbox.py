"""``outreach sandbox``: a Twilio- and SendGrid-compatible carrier on localhost."""

from pathlib import Path
from typing import Annotated

import typer


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on; keep it on loopback.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8010,
    data: Annotated[
        Path | None, typer.Option(help="Folder of its record; OUTREACH_DATA_DIR when not given.")
    ] = None,
    app_url: Annotated[
        str | None,
        typer.Option(help="Where replies are delivered; OUTREACH_PUBLIC_URL when not given."),
    ] = None,
) -> None:
    """Run the sandbox carrier: nothing leaves this machine, and /phones shows every text."""
    from outreach import bootstrap
    from outreach.clocks import SystemClock
    from outreach.configuration.clinic_file import load_clinic
    from outreach.configuration.senders_file import SENDERS, load_senders
    from outreach.domain.senders import SenderKind
    from outreach.sandbox.config import SERVICE_SID, SandboxConfig
    from outreach.sandbox.server import serve
    from outreach.settings import load_settings

    settings = load_settings()
    folder = (data or settings.data_dir).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    machine = SystemClock()
    clinic = load_clinic(settings.config_path() / "clinic.yaml")
    own = load_senders(settings.config_path() / SENDERS, clinic).senders
    services = [one.address for one in own if one.kind is SenderKind.SERVICE]
    numbers = [one.address for one in own if one.kind is not SenderKind.SERVICE]
    config = SandboxConfig(
        record_path=folder / "sandbox.db",
        clock=machine,
        display_clock=bootstrap.clinic_clock(settings, machine),
        display_zone=clinic.zone,
        account_sid=bootstrap.SANDBOX_ACCOUNT,
        auth_token=bootstrap.SANDBOX_TOKEN,
        sendgrid_seed=bootstrap.SANDBOX_SENDGRID_SEED,
        numbers=(bootstrap.SANDBOX_NUMBER, bootstrap.SANDBOX_STAFF_NUMBER, *numbers),
        service_sids=(SERVICE_SID, *services),
        app_url=app_url or settings.public_url,
    )
    serve(config, host, port)

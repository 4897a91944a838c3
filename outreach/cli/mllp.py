"""``outreach mllp``: listens for HL7 v2 from scheduling systems."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.domain.errors import ConfigurationError, NotFound

if TYPE_CHECKING:
    from outreach.domain.interfaces import Interface


def mllp(
    interface: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One of config/interfaces; all that listen by default."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on, in place of the file's.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port, in place of the file's; with --interface."),
    ] = None,
) -> None:
    """Listen for HL7 v2 messages until stopped; each is stored before it is acknowledged.

    How each sender writes and is answered stands in config/interfaces, one file for each.
    """
    if interface is None and port is not None:
        raise typer.BadParameter("name the interface it is for", param_hint="--port")
    from outreach.bootstrap import build_world, record_configuration
    from outreach.configuration.interface_files import load_interfaces
    from outreach.listeners.server import serve
    from outreach.logs import configure_logs
    from outreach.settings import load_settings

    settings = load_settings()
    configure_logs()
    world = build_world(settings)
    try:
        known = load_interfaces(settings.config_path() / "interfaces", world.clinic)
        chosen = _chosen(known, interface, host, port)
        record_configuration(world)
        serve(world, chosen)
    finally:
        world.db.close()


def _chosen(
    known: "Sequence[Interface]", name: str | None, host: str | None, port: int | None
) -> "list[Interface]":
    """What to listen for, with the addresses of the command line in place of the files'."""
    from dataclasses import replace

    from outreach.domain.interfaces import MllpEndpoint

    if name is not None and name not in {one.name for one in known}:
        names = ", ".join(one.name for one in known) or "none"
        raise NotFound(f"config/interfaces holds no {name}.yaml. Known: {names}.")
    chosen = []
    for one in known:
        endpoint = one.mllp
        if name == one.name and endpoint is None and port is not None:
            endpoint = MllpEndpoint()
        if endpoint is not None and name in (None, one.name):
            endpoint = replace(endpoint, host=host or endpoint.host, port=port or endpoint.port)
            chosen.append(replace(one, mllp=endpoint))
    if not chosen:
        raise ConfigurationError(
            "No interface says where it listens. Write an 'mllp' part with a port into a file of "
            "config/interfaces, or give --interface and --port."
        )
    return chosen

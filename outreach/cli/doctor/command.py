"""The command itself: every check in turn, told line by line."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from outreach.cli.doctor.finding import Finding


def doctor(
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check this installation: each line is ok, a warning or a fault, with its remedy.

    Sends nothing and changes nothing. The exit code is 1 when there is a fault.
    """
    import logging

    from outreach.cli.doctor.finding import Level
    from outreach.logs import configure_logs

    configure_logs(logging.CRITICAL)  # what matters is a finding
    found = list(_examine())
    healthy = all(one.level is not Level.FAULT for one in found)
    _show_json(found, healthy) if json_ else _show(found)
    if not healthy:
        raise typer.Exit(1)


def _examine() -> "Iterator[Finding]":
    from outreach.cli.doctor import carriers, configuration, coverage, machine, senders, sign_off
    from outreach.cli.doctor.finding import Check, Subject, fault, guarded, ok
    from outreach.configuration.clinic_file import load_clinic
    from outreach.domain.errors import ConfigurationError
    from outreach.settings import load_settings

    try:
        settings = load_settings()
    except ConfigurationError as error:
        yield fault("settings", str(error), "")
        return
    yield ok("settings", "can be read")
    clinic = None
    try:
        clinic = load_clinic(settings.config_path() / "clinic.yaml")
    except ConfigurationError as error:
        yield fault("clinic", str(error), "")
    checks: dict[str, Check] = {
        "data": machine.folder,
        "keys": machine.keys,
        "configuration": configuration.configuration,
        "roster": coverage.roster,
        "time zones": configuration.zones,
        "clock": machine.clock,
        "database": machine.database,
        "broker": machine.broker,
        "texts": carriers.texts,
        "senders": senders.senders,
        "address": carriers.public_address,
        "email": carriers.email,
        "sign-off": sign_off.sign_off,
        "doors": carriers.doors,
    }
    subject = Subject(settings, clinic)
    for name, check in checks.items():
        yield from guarded(name, partial(check, subject))


def _show(found: "list[Finding]") -> None:
    from rich.markup import escape

    from outreach.cli.screen import screen

    colours = {"ok": "green", "warning": "yellow", "fault": "red"}
    console = screen()
    for one in found:
        level = f"[{colours[one.level.value]}]{one.level.value:8}[/]"
        console.print(f"{level} {one.check:12} {escape(one.message)}")
        if one.remedy:
            console.print(f"{'':21} -> {escape(one.remedy)}")


def _show_json(found: "list[Finding]", healthy: bool) -> None:
    from outreach.cli.lines import write_line

    checks = [
        {
            "check": one.check,
            "level": one.level.value,
            "message": one.message,
            "remedy": one.remedy or None,
        }
        for one in found
    ]
    write_line({"healthy": healthy, "checks": checks})

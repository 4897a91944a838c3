"""Sets up a world for one scenario: a throw-away database, one clock, no network."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr

from outreach.bootstrap import Parts, build_intake, build_world, record_configuration
from outreach.clocks import ManualClock
from outreach.domain.clinic import Clinic
from outreach.domain.errors import ConfigurationError
from outreach.domain.states import ChannelKind
from outreach.pipeline.world import World
from outreach.settings import Settings, new_keys
from outreach.simulation.carrier import SimulatedCarrier
from outreach.simulation.player import Player
from outreach.simulation.scenario import read_scenario
from outreach.simulation.wording import Note, made_plain, with_places_of
from outreach.storage.database import throw_away
from outreach.storage.migrate import upgrade
from outreach.wakeup import NoWake

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def run_scenario(
    text: str,
    folder: Path,
    config: Path | None,
    zone_name: str | None,
    note: Note = lambda _said: None,
) -> tuple[World, ZoneInfo]:
    """The world after the scenario, and the zone that its times are told in.

    Args:
        folder: an empty folder for the throw-away database.
        config: a folder like ``config/``; None takes the installation's own.
        zone_name: makes the clinic one that lives in this zone, all its sites with it; places that
            it does not know are then taken for its default site.
        note: told, in a sentence each, what was taken otherwise than it was written, and what
            changed nothing.

    Raises:
        ConfigurationError: the zone or the configuration is wrong.
        BadInput: the scenario cannot be read; names the line.
    """
    world, clock = _world(folder, config, zone_name)
    zone = world.clinic.zone
    lines = made_plain(read_scenario(text.splitlines(), zone), note)
    if zone_name is not None:
        clinic = with_places_of(world.clinic, lines, note)
        majority = world.policy.people.majority
        world = replace(world, clinic=clinic, parse=build_intake(clinic, majority=majority))
    if lines:
        clock.set(lines[0].at)
        record_configuration(world)
        Player(world, clock, zone, note).play(lines)
    return world, zone


def _world(folder: Path, config: Path | None, zone_name: str | None) -> tuple[World, ManualClock]:
    keys, index = new_keys()
    settings = Settings(
        data_dir=folder,
        config_dir=config,
        database_url=f"sqlite:///{folder / 'simulation.db'}",
        keys=SecretStr(keys),
        index_key=SecretStr(index),
    )
    upgrade(settings.database())
    clock = ManualClock(_EPOCH)
    channels = {kind: SimulatedCarrier(kind, clock) for kind in ChannelKind}
    world = build_world(settings, Parts(clock, clock, channels, NoWake()))
    throw_away(world.db)
    if zone_name is not None:
        world = replace(world, clinic=_moved(world.clinic, zone_name))
    return world, clock


def _moved(clinic: Clinic, zone_name: str) -> Clinic:
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"{zone_name!r} is not an IANA time zone.") from None
    sites = tuple(replace(site, zone=zone) for site in clinic.sites)
    return replace(clinic, zone=zone, sites=sites)

"""The command: sets everything up on localhost, plays the story, and proves or keeps it going."""

import secrets
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from outreach.cli.demo import proof, story
from outreach.cli.demo.theatre import Theatre, demo_settings
from outreach.cli.stack import Stack
from outreach.clocks import SharedClock, SystemClock

_LIVE_RATE = 1.0


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Tell the story in the terminal, prove it, and end.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=0.0, help="How long a clinic day lasts, in seconds.")
    ] = 6.0,
    port: Annotated[int, typer.Option(help="Port of the follow-up list; 0 takes a free one.")] = 0,
) -> None:
    """Play a clinic's fortnight on localhost: every part real, every person invented."""
    with tempfile.TemporaryDirectory(prefix="outreach-demo-") as folder:
        failed = perform(Path(folder), headless=headless, seconds=seconds, port=port)
    if failed:
        raise typer.Exit(1)


def perform(folder: Path, *, headless: bool, seconds: float, port: int = 0) -> bool:
    """Runs the demo in ``folder``; returns whether a chapter failed.

    Raises:
        OutreachError: a part could not be started or died.
        StopRequested: Ctrl-C.
    """
    began = time.monotonic()
    api_key = secrets.token_urlsafe(24)
    settings = demo_settings(folder, api_key)
    clock = SharedClock(folder / "clock", SystemClock())
    clock.set(story.BEGIN)
    with Stack(settings, web_port=port, sandbox_port=0, durable=False, grace=5.0) as stack:
        typer.echo("Starting Redis, a carrier, the web part and two workers on localhost ...")
        stack.start()
        theatre = open_theatre(stack, clock, api_key)
        try:
            _welcome(stack, headless=headless)
            theatre.seconds_per_day = 0.0 if headless else seconds
            tell(theatre)
            failed = _tell_proof(theatre, time.monotonic() - began)
            if not headless:
                _stay(theatre)
        finally:
            theatre.world.db.close()
    return failed


def open_theatre(stack: Stack, clock: SharedClock, api_key: str) -> Theatre:
    """A theatre on a started stack, with every phone named."""
    from outreach.bootstrap import build_world

    theatre = Theatre(stack, build_world(stack.settings), clock, api_key)
    story.set_the_scene(theatre)
    return theatre


def tell(theatre: Theatre) -> None:
    """Plays every beat at its time and says what happens."""
    for beat in story.beats():
        theatre.advance(beat.when)
        typer.echo(f"{_local(beat.when)}  {beat.told}")
        beat.play(theatre)


def _local(moment: datetime) -> str:
    return moment.astimezone(story.ZONE).strftime("%a %b %d %H:%M")


def _welcome(stack: Stack, *, headless: bool) -> None:
    typer.echo(f"Wake-ups travel by {stack.broker}; texts go to the sandbox, never to a person.")
    typer.echo("Nobody needs to approve them there; for real patients a clinician must.")
    if not headless:
        typer.echo(f"  The patients' phones (type a reply!):  {stack.sandbox_url}/phones")
        typer.echo(f"  The staff's follow-up list:            {stack.web_url}/followups")


def _tell_proof(theatre: Theatre, seconds: float) -> bool:
    typer.echo("")
    results = proof.prove(theatre)
    for number, (title, evidence, failure) in enumerate(results, start=1):
        mark = "ok  " if evidence is not None else "FAIL"
        typer.echo(f"{mark} ({number:2}) {title}: {evidence or failure}")
    held = sum(evidence is not None for _, evidence, _ in results)
    typer.echo(f"{held} of {len(results)} chapters hold, after {seconds:.0f} s.")
    return held != len(results)


def _stay(theatre: Theatre) -> None:
    """From now on the clinic's clock runs as the wall's does, and the visitor plays on."""
    theatre.clock.set(theatre.now(), rate=_LIVE_RATE)
    typer.echo("")
    typer.echo("The story is told, and everything still runs. Write to the clinic from a phone:")
    typer.echo(f"  {theatre.stack.sandbox_url}/phones    Ctrl-C stops all of it.")
    theatre.stack.watch()

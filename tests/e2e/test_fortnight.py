"""The whole story on real parts; and again while its workers are killed in the middle."""

import random
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from outreach.cli.demo import proof, story
from outreach.cli.demo.command import open_theatre, tell
from outreach.cli.demo.theatre import Theatre, demo_settings
from outreach.cli.stack import Stack
from outreach.clocks import SharedClock, SystemClock

pytestmark = [pytest.mark.celery, pytest.mark.redis, pytest.mark.timeout(240)]
KEY = "an-api-key-for-this-test-alone"


def play(folder: Path, prepare: "Prepare") -> list[tuple[str, str | None, str]]:
    clock = SharedClock(folder / "clock", SystemClock())
    clock.set(story.BEGIN)
    with Stack(
        demo_settings(folder, KEY), web_port=0, sandbox_port=0, durable=False, grace=5.0
    ) as stack:
        stack.start()
        theatre = open_theatre(stack, clock, KEY)
        try:
            prepare(theatre)
            tell(theatre)
            return proof.prove(theatre)
        finally:
            theatre.world.db.close()


class Prepare:
    """What a test does to a theatre before the story begins."""

    def __call__(self, theatre: Theatre) -> None:
        """Nothing: an undisturbed fortnight."""


class KillWorkers(Prepare):
    """SIGKILL to a worker node, in the very moment in which texts are under way."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a drill, repeatable
        self.kills: Counter[str] = Counter()

    def __call__(self, theatre: Theatre) -> None:
        glide = theatre._glide

        def glide_and_kill(moment: datetime) -> None:
            glide(moment)
            if self.random.random() < 0.25:
                self.kill(theatre)

        theatre._glide = glide_and_kill  # type: ignore[method-assign]
        theatre.carrier("faults", {"fault": "latency", "seconds": 0.4, "times": None})

    def kill(self, theatre: Theatre) -> None:
        theatre.watch(self.random.uniform(0.0, 0.6))
        name = self.random.choice(["worker-bulk", "worker-urgent"])
        theatre.stack.kill(name)
        theatre.stack.restart(name)
        self.kills[name] += 1


def test_every_chapter_of_the_fortnight_happens(tmp_path: Path) -> None:
    results = play(tmp_path, Prepare())
    assert [failure for _, evidence, failure in results if evidence is None] == []
    assert len(results) == 12


def test_killing_workers_loses_no_message_and_doubles_none(tmp_path: Path) -> None:
    drill = KillWorkers(seed=11)
    results = play(tmp_path, drill)
    assert sum(drill.kills.values()) >= 5
    assert [failure for _, evidence, failure in results if evidence is None] == []

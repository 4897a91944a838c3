"""Tells whoever started a worker that it takes work now."""

from pathlib import Path

from celery.signals import worker_ready


def touch_when_ready(path: Path) -> None:
    """Makes ``path`` as soon as this process's worker consumes its queues."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def ready(**_: object) -> None:
        path.touch()

    worker_ready.connect(ready, weak=False)

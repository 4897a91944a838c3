"""The beat inside a worker node: a process of its own that is started again when it dies.

Celery's own ``--beat`` starts one and never looks at it again. A node that works on without it
takes wake-ups and still sends nothing that becomes due.
"""

from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.beat import EmbeddedService

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 1.0


def tick_in(app: Celery, schedule: str) -> None:
    """Has every worker of this app tick; ``schedule`` is the file of its last tick."""

    class Here(Clockwork):
        file = schedule

    app.steps["worker"].add(Here)


class Clockwork(bootsteps.StartStopStep):
    """A step of a worker's start and end. Celery makes it, with its worker."""

    requires = ("celery.worker.components:Timer", "celery.worker.components:Hub")
    file = ""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.beat: Any = None
        self._look: Any = None

    def start(self, worker: Any) -> None:
        """Winds it up, and looks at it once a second from now on."""
        self._wind(worker)
        self._look = worker.timer.call_repeatedly(_LOOK_SECONDS, self._mind, (worker,))

    def stop(self, worker: Any) -> None:
        """Ends it, before the worker's own work ends."""
        if self._look is not None:
            self._look.cancel()
        if self.beat is not None:
            self.beat.stop()
            self.beat = None

    def terminate(self, worker: Any) -> None:
        """The same, in haste."""
        self.stop(worker)

    def _wind(self, worker: Any) -> None:
        self.beat = EmbeddedService(worker.app, schedule_filename=self.file)
        self.beat.start()

    def _mind(self, worker: Any) -> None:
        if self.beat is not None and not self.beat.is_alive():
            log.warning("beat.started_again", exit_code=self.beat.exitcode)
            self._wind(worker)

"""Logs: one JSON object a line, ids and words only, never a name, an address or a text."""

import io
import logging
import sys
from contextlib import suppress

import structlog


class _Patient(io.StringIO):
    """Standard error, as far as it takes anything: a full disk costs the line and not the work.

    Written to as it is at that moment: tests and servers put another in its place.
    """

    def write(self, text: str) -> int:
        """Says that all of it was written, whatever became of it."""
        with suppress(OSError, ValueError):  # no room, or closed
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """As above."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure_logs(level: int = logging.INFO) -> None:
    """Sets up structlog for a process; quiets the libraries that would log what they carry."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=_Patient()),
        # a module's logger asks again at each line, so whoever configures last is heard
        cache_logger_on_first_use=False,
    )
    for name in ("twilio", "python_http_client", "urllib3", "aiohttp", "sqlalchemy.engine"):
        logging.getLogger(name).setLevel(logging.WARNING)

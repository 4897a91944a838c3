"""Logs: one JSON object a line, ids and words only, never a name, an address or a text."""

import logging
import sys

import structlog


def configure_logs(level: int = logging.INFO) -> None:
    """Sets up structlog for a process; quiets the libraries that would log what they carry."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        # a module's logger asks again at each line, so whoever configures last is heard
        cache_logger_on_first_use=False,
    )
    for name in ("twilio", "python_http_client", "urllib3", "aiohttp", "sqlalchemy.engine"):
        logging.getLogger(name).setLevel(logging.WARNING)

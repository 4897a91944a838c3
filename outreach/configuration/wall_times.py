"""Times of day as a clinic writes them: ``19:00``, by the clock on the wall, without a zone."""

import re
from datetime import time
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

PATTERN = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
"""Hours and minutes with two digits each."""

_TIME = re.compile(PATTERN)


def wall_time(text: object) -> time:
    """The time of day that ``text`` writes.

    Raises:
        ValueError: it is not hours and minutes of a day; says how they are written.
    """
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError(
            f"'{text}' is not a time of day. Write hours and minutes with two digits each,"
            " such as 09:00 or 19:30."
        )
    return time.fromisoformat(text)


WallTime = Annotated[
    time,
    PlainValidator(wall_time),
    WithJsonSchema({"type": "string", "pattern": f"^{PATTERN}$"}),
]
"""A setting that holds a time of day."""

"""Follow-up: work for staff with a due time, paged from rung to rung until a person takes it.

``opening`` makes items, ``paging`` climbs the ladder of the roster, ``handling`` is what people do
with them, ``by_phone`` what they do from the phone that was paged.
"""

from outreach.pipeline.followup.handling import (
    acknowledge,
    assign,
    attempt,
    close,
    hand_off,
    note,
    reopen,
    snooze,
)
from outreach.pipeline.followup.opening import RED_FLAG, NewItem, add_word, open_item
from outreach.pipeline.followup.paging import drain, page_failed

__all__ = [
    "RED_FLAG",
    "NewItem",
    "acknowledge",
    "add_word",
    "assign",
    "attempt",
    "close",
    "drain",
    "hand_off",
    "note",
    "open_item",
    "page_failed",
    "reopen",
    "snooze",
]

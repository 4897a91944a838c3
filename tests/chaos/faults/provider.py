"""A provider that refuses, hangs, hangs up, and tells of its work in any order or not at all."""

import random
from collections.abc import Callable

from tests.chaos.faults.steps import Steps
from tests.chaos.system import System


def provider_errors(system: System, chance: random.Random) -> Steps:
    """500, of which every other was accepted all the same."""
    for accept in (True, False, True):
        system.carrier("faults", {"fault": "500", "accept": accept})
    yield 1.5


def provider_too_many(system: System, chance: random.Random) -> Steps:
    """429 with Retry-After."""
    system.carrier("faults", {"fault": "429", "retry_after": 1, "times": 4})
    yield 1.5


def provider_hangs(system: System, chance: random.Random) -> Steps:
    """Accepts, and answers after whoever asked has given up."""
    system.carrier("faults", {"fault": "accept_then_hang", "seconds": 4, "times": 3})
    yield 1.5


def provider_drops(system: System, chance: random.Random) -> Steps:
    """Accepts, and cuts the connection without a word."""
    system.carrier("faults", {"fault": "accept_then_drop", "times": 3})
    yield 1.5


def provider_slow(system: System, chance: random.Random) -> Steps:
    """Answers late: receipts come before our own record of the send."""
    system.carrier("faults", {"fault": "accept_then_hang", "seconds": 0.8, "times": 6})
    yield 1.5


def _receipts(order: str) -> Callable[[System, random.Random], Steps]:
    def begin(system: System, chance: random.Random) -> Steps:
        system.carrier("receipts", {"order": order})
        try:
            yield 3.0
        finally:
            system.carrier("receipts", {"order": "in_order"})

    return begin


def receipts_shuffled(system: System, chance: random.Random) -> Steps:
    """In any order."""
    return _receipts("shuffled")(system, chance)


def receipts_repeated(system: System, chance: random.Random) -> Steps:
    """Each one twice."""
    return _receipts("repeated")(system, chance)


def receipts_lost(system: System, chance: random.Random) -> Steps:
    """None comes, and some answers neither: only a look-up can tell what was accepted."""
    system.carrier("faults", {"fault": "accept_then_drop", "times": 2})
    system.carrier("faults", {"fault": "500", "accept": False})
    return _receipts("none")(system, chance)


def losses_untold(system: System, chance: random.Random) -> Steps:
    """Texts do not arrive, and no receipt says so: only who asks finds out, and a call is made."""
    for code in (30005, 30008, 30006):
        system.carrier("faults", {"fault": "undelivered", "code": code})
    return _receipts("none")(system, chance)


def texts_lost_in_transit(system: System, chance: random.Random) -> Steps:
    """Accepted, and reported as not delivered: for some a fresh send is safe, for others a call."""
    for code in (30008, 30003, 30005):
        system.carrier("faults", {"fault": "undelivered", "code": code})
    yield 1.5

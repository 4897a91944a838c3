"""Processes of ours that die, sleep or are one too many."""

import random
import signal

from tests.chaos.faults.steps import Steps, command
from tests.chaos.system import LEASE, REQUEST, SETTLE, WORKERS, System


def worker_children_killed(system: System, chance: random.Random) -> Steps:
    """SIGKILL to processes that work, as the kernel does when memory runs out."""
    for _ in range(2):
        busy = [pid for name in WORKERS for pid in system.tree(name)[1:]]
        if busy:
            system.signal([chance.choice(busy)], signal.SIGKILL)
        yield chance.uniform(0.2, 0.8)


def worker_node_killed(system: System, chance: random.Random) -> Steps:
    """A node with all its processes, as when a container is killed or a host loses its power."""
    system.kill(chance.choice(WORKERS))
    yield 0.5


def worker_parent_killed(system: System, chance: random.Random) -> Steps:
    """The parent alone: its children work on as orphans while another node takes up the work."""
    system.signal([system.pid(chance.choice(WORKERS))], signal.SIGKILL)
    yield 0.5


def worker_frozen(system: System, chance: random.Random) -> Steps:
    """A node that sleeps for longer than its lease and then goes on where it was: all of it, or
    the processes that work, while their parent wonders. Now and then for so long that what it
    was about to send has been settled meanwhile.
    """
    asleep = LEASE + chance.uniform(0.3, 1.5) + chance.choice([0.0, 0.0, REQUEST + SETTLE[1]])
    pids = system.tree(chance.choice(WORKERS))[chance.randint(0, 1) :]
    system.signal(pids, signal.SIGSTOP)
    try:
        yield asleep
    finally:
        system.signal(pids, signal.SIGCONT)


def web_killed(system: System, chance: random.Random) -> Steps:
    """In the middle of whatever it takes in; senders and the carrier try again."""
    system.kill("web")
    yield 0.5


def beat_killed(system: System, chance: random.Random) -> Steps:
    """The clockwork alone, inside the node that winds it."""
    for pid in system.tree("worker-urgent")[1:]:
        if b"beat" in command(pid):
            system.signal([pid], signal.SIGKILL)
    yield 0.5


def two_beats(system: System, chance: random.Random) -> Steps:
    """A second one that stands by on another machine ticks as well."""
    beat = system.second_beat()
    try:
        yield 4.0
    finally:
        system.end(beat)

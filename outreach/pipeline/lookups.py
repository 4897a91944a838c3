"""Look-ups: providers are asked about messages that they have, or may have.

Whoever asks has moved the row on first, so that nobody else asks at the same time, and holds
nothing in the database meanwhile. A look-up that fails proves nothing: its turn comes again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from outreach.domain.errors import Unavailable
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Channel
from outreach.pipeline.world import World

AT_ONCE = 8
"""Look-ups under way together, beside what is being sent; so many failures end a round, because
a provider that is out, or finds us too fast, is better left alone."""
PATIENCE = 20.0
"""Seconds for a round, well within a task's time: what has no answer by then has failed."""


class Question(Protocol):
    """What is to be looked up."""

    @property
    def channel(self) -> ChannelKind:
        """Whose provider is asked."""
        ...


Q = TypeVar("Q", bound=Question)
A = TypeVar("A")


def look_up(
    world: World, questions: Sequence[Q], ask: Callable[[Channel, Q], A | None]
) -> list[tuple[Q, A | None]]:
    """What was answered, in the order of the questions: None where a provider cannot be asked.

    Left out is what failed, was not answered within ``PATIENCE``, or was not asked any more after
    ``AT_ONCE`` failures. ``ask`` runs in other threads and must not touch the database.
    """
    failures: list[Unavailable] = []

    def one(question: Q) -> A | None:
        channel = world.channels.get(question.channel)
        if channel is None:
            return None
        if len(failures) >= AT_ONCE:
            raise failures[0]
        try:
            return ask(channel, question)
        except Unavailable as error:
            failures.append(error)
            raise

    if not questions:
        return []
    pool = ThreadPoolExecutor(min(AT_ONCE, len(questions)), thread_name_prefix="look-up")
    try:
        asked = [(question, pool.submit(one, question)) for question in questions]
        wait([answer for _, answer in asked], timeout=PATIENCE)
        return [
            (question, answer.result())
            for question, answer in asked
            if answer.done() and not isinstance(answer.exception(), Unavailable)
        ]
    finally:
        # also when the task's time is up: nobody waits for a provider that hangs
        pool.shutdown(wait=False, cancel_futures=True)

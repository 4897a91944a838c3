"""One unit of work: a session and the repositories that speak through it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from outreach.domain.errors import Unavailable
from outreach.storage.insert import insert_all, insert_all_new, insert_new
from outreach.storage.memory import add, forget, memory_of, remember
from outreach.storage.models import Base
from outreach.storage.repositories.breakers import Breakers
from outreach.storage.repositories.campaigns import Campaigns
from outreach.storage.repositories.circle import Circle
from outreach.storage.repositories.claims import Claims
from outreach.storage.repositories.closures import Closures
from outreach.storage.repositories.coverage import CoverageWatches
from outreach.storage.repositories.followups import FollowUps
from outreach.storage.repositories.inbound import InboundParts
from outreach.storage.repositories.inbox import Inbox
from outreach.storage.repositories.ledger import Ledger
from outreach.storage.repositories.lots import Lots
from outreach.storage.repositories.messages import Messages
from outreach.storage.repositories.occasions import Occasions
from outreach.storage.repositories.people import People
from outreach.storage.repositories.receipts import Receipts
from outreach.storage.repositories.replies import Replies
from outreach.storage.repositories.surveys import Surveys
from outreach.storage.repositories.takeovers import Takeovers
from outreach.storage.repositories.visits import Visits
from outreach.storage.repositories.work import Work

Row = TypeVar("Row")


class Unit:
    """Hands out repositories. ``Database`` begins and ends it; a stage never commits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *rows: object) -> None:
        """New rows, written with the next flush."""
        add(self._session, rows)

    def add_new(self, row: Base) -> bool:
        """Writes a row unless one with the same unique key is there; says whether it did."""
        return insert_new(self._session, row)

    def add_all(self, rows: Sequence[Base]) -> None:
        """New rows of one table, written at once; they stay outside this unit."""
        insert_all(self._session, rows)

    def add_all_new(self, rows: Sequence[Base]) -> set[tuple[Any, ...]]:
        """The same for many rows of one table at once; the primary keys of those it wrote."""
        return insert_all_new(self._session, rows)

    def flush(self) -> None:
        """Writes what is pending, so that its unique keys speak now.

        A unit that remembers writes later, many rows at once: before the next query, or at its end.
        """
        if memory_of(self._session) is None:
            self._session.flush()

    def remember(self) -> None:
        """From now on what this unit makes or reads in advance is not asked for again."""
        remember(self._session)

    def forget(self) -> None:
        """Before rows change their owners: what this unit remembers would no longer be whole."""
        forget(self._session)

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part that may fail alone: when it raises, what it wrote is undone and no more.

        Raises:
            Unavailable: the database failed, not the part; the whole unit must be tried again.
        """
        if memory_of(self._session) is not None:
            raise RuntimeError("A unit that remembers fails as a whole: it writes at its end.")
        try:
            with self._session.begin_nested():
                yield
        except OperationalError:
            raise Unavailable("The database broke off a unit of work; it is tried again.") from None

    def each(
        self,
        rows: Iterable[Row],
        step: Callable[[Row], None],
        *,
        set_aside: Callable[[Row, Exception], None] | None,
    ) -> None:
        """Does ``step`` for each row. With ``set_aside`` a row that fails does so alone."""
        for row in rows:
            if set_aside is None:
                step(row)
                continue
            try:
                with self.part():
                    step(row)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller sets the row aside
                set_aside(row, error)

    @cached_property
    def people(self) -> People:
        """Patients, contact points, consent."""
        return People(self._session)

    @cached_property
    def circle(self) -> Circle:
        """Permissions, shared addresses, children who come of age."""
        return Circle(self._session)

    @cached_property
    def visits(self) -> Visits:
        """Appointments, regimens, doses."""
        return Visits(self._session)

    @cached_property
    def ledger(self) -> Ledger:
        """Touchpoints."""
        return Ledger(self._session)

    @cached_property
    def messages(self) -> Messages:
        """Outbound messages and attempts."""
        return Messages(self._session)

    @cached_property
    def claims(self) -> Claims:
        """The queue of messages: what waits, what is claimed, what was accepted."""
        return Claims(self._session)

    @cached_property
    def breakers(self) -> Breakers:
        """Stopped senders and accounts, and whose thread is whose."""
        return Breakers(self._session)

    @cached_property
    def receipts(self) -> Receipts:
        """Provider reports."""
        return Receipts(self._session)

    @cached_property
    def replies(self) -> Replies:
        """Inbound messages and open questions."""
        return Replies(self._session)

    @cached_property
    def takeovers(self) -> Takeovers:
        """Conversations in a person's hands."""
        return Takeovers(self._session)

    @cached_property
    def coverage(self) -> CoverageWatches:
        """When the roster is looked at again."""
        return CoverageWatches(self._session)

    @cached_property
    def surveys(self) -> Surveys:
        """Answers to check-ins."""
        return Surveys(self._session)

    @cached_property
    def followups(self) -> FollowUps:
        """Work for staff."""
        return FollowUps(self._session)

    @cached_property
    def lots(self) -> Lots:
        """Which patients have to do with which lot."""
        return Lots(self._session)

    @cached_property
    def campaigns(self) -> Campaigns:
        """Campaigns and their counts."""
        return Campaigns(self._session)

    @cached_property
    def closures(self) -> Closures:
        """Closed days."""
        return Closures(self._session)

    @cached_property
    def occasions(self) -> Occasions:
        """What is neither a visit nor a dose."""
        return Occasions(self._session)

    @cached_property
    def inbox(self) -> Inbox:
        """Arrivals."""
        return Inbox(self._session)

    @cached_property
    def inbound(self) -> InboundParts:
        """Pictures, phone calls, and what the carrier is yet to hear."""
        return InboundParts(self._session)

    @cached_property
    def work(self) -> Work:
        """What each stage has to do."""
        return Work(self._session)

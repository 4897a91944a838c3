"""When the roster is looked at again: the roster itself is a file."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from outreach.storage.models.base import Base
from outreach.storage.types import clinic_instant


class CoverageWatch(Base):
    """One row: the database is the queue, so that one worker looks and not each of them."""

    __tablename__ = "coverage_watch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    look_at: Mapped[datetime] = mapped_column(clinic_instant(), index=True)

"""What else goes on: a campaign that is sent at a steady pace to people who may be written to."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from benchmarks.audience import phone, write
from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind, TouchpointStatus
from outreach.pipeline import campaign
from outreach.pipeline.world import World
from outreach.storage.models import (
    Consent,
    ContactPoint,
    ContactStatus,
    Patient,
    Touchpoint,
)
from outreach.storage.repositories.people import address_index


def people(world: World, first: int, count: int, *, campaigns: bool) -> list[str]:
    """Patients without a visit, in the clinic's zone; returns their phones.

    Args:
        campaigns: they have agreed to campaigns.
    """
    numbers = range(first, first + count)
    ids = [world.new_id() for _ in numbers]
    phones = [phone(number) for number in numbers]
    now = world.clinic_now()
    write(
        world,
        Patient,
        [
            {
                "id": row_id,
                "family": f"Testcase{number}",
                "given": "Robin",
                "language": "en",
                "zone": world.clinic.zone.key,
                "last_event_at": now,
                "created_at": now,
            }
            for row_id, number in zip(ids, numbers, strict=True)
        ],
    )
    pairs = list(zip(ids, phones, strict=True))
    write(
        world,
        ContactPoint,
        [
            {
                "id": world.new_id(),
                "patient_id": row_id,
                "channel": ChannelKind.SMS,
                "address": address,
                "address_index": address_index(ChannelKind.SMS, address),
                "role": ContactRole.SELF,
                "rank": 0,
                "status": ContactStatus.ACTIVE,
            }
            for row_id, address in pairs
        ],
    )
    if campaigns:
        write(
            world,
            Consent,
            [
                {
                    "id": world.new_id(),
                    "channel": ChannelKind.SMS,
                    "address_index": address_index(ChannelKind.SMS, address),
                    "patient_id": row_id,
                    "action": ConsentAction.OPT_IN,
                    "scope": ConsentScope.CAMPAIGN,
                    "source": "import",
                    "actor": "benchmark",
                    "recorded_at": now,
                }
                for row_id, address in pairs
            ],
        )
    return phones


def launch(world: World, first: datetime, per_second: float) -> int:
    """A campaign to everybody, one after another from ``first`` on, whoever has not agreed
    to it last; returns to how many."""
    wanted = campaign.Launch(
        "benchmark",
        "hours",
        "campaign_hours",
        "benchmark",
        {"when": "Monday", "hours": "9 to 5"},
        start_at=first,
    )
    audience = campaign.launch(world, wanted).audience
    with Session(world.db.engine) as session:
        session.connection(execution_options={"outreach_write": True})
        agreed = exists().where(Consent.patient_id == Touchpoint.patient_id)
        names = session.scalars(select(Touchpoint.id).order_by(agreed.desc(), Touchpoint.id)).all()
        table = Touchpoint.__table__
        session.connection().execute(
            update(table).where(table.c.id == bindparam("row")).values(due_at=bindparam("due")),  # type: ignore[arg-type]
            [
                {"row": name, "due": first + timedelta(seconds=number / per_second)}
                for number, name in enumerate(names)
            ],
        )
        session.commit()
    return audience


def sent(world: World) -> int:
    """Texts of the campaign that have left."""
    query = select(func.count()).where(Touchpoint.status == TouchpointStatus.SENT)
    with Session(world.db.engine) as session:
        return session.scalar(query) or 0

"""Campaign: staff launch a send to an audience, frozen as touchpoints at that moment, once.

One that was prepared has its audience already, and waits for somebody to start it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.journeys import Anchor
from outreach.domain.states import ChannelKind, Purpose, SkipReason, TouchpointStatus
from outreach.pipeline.world import World
from outreach.storage.models import Campaign, CampaignStatus, Patient, Touchpoint
from outreach.storage.unit import Unit

_USEFUL = timedelta(days=3)
_PURPOSES = frozenset({Purpose.CAMPAIGN, Purpose.EDUCATION, Purpose.MARKETING})
"""What a campaign may be for: each needs consent on record, and none passes for care."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What staff ask for. ``token`` makes a second press of the button harmless."""

    token: str
    name: str
    template: str
    by: str
    fields: Mapping[str, str]
    purpose: Purpose = Purpose.CAMPAIGN
    service: str | None = None
    """Only patients with a visit of this kind; None is everybody in care."""
    language: str | None = None
    start_at: datetime | None = None
    """When the first may go (clinic time); None is now."""
    only: frozenset[UUID] | None = None
    """No others than these patients; None leaves nobody out."""


@dataclass(frozen=True, slots=True)
class Launched:
    """The campaign, how many it is for, and whether this launch made it."""

    id: UUID
    audience: int
    new: bool


def launch(world: World, wanted: Launch) -> Launched:
    """Freezes the audience and hands it to ``due``; consent and caps are judged there, one by one.

    Raises:
        NotFound: there is no such message.
        BadInput: this is no purpose of a campaign.
    """
    if wanted.purpose not in _PURPOSES:
        raise BadInput("purpose", f"A campaign is for one of: {', '.join(sorted(_PURPOSES))}.")
    if not world.renderer.languages(wanted.template):
        raise NotFound(f"There is no message named {wanted.template!r}.")
    with world.db.write() as unit:
        campaign = Campaign(
            id=world.new_id(),
            token=wanted.token,
            name=wanted.name,
            template=wanted.template,
            purpose=wanted.purpose,
            fields=json.dumps(dict(wanted.fields)),
            status=CampaignStatus.LAUNCHED,
            launched_by=wanted.by,
            launched_at=world.clinic_now(),
        )
        new = unit.add_new(campaign)  # two people may press the button at once
        known = None if new else unit.campaigns.by_token(wanted.token)
        if known is not None:
            return Launched(known.id, sum(unit.campaigns.progress(known.id).values()), new=False)
        audience = _audience(unit, wanted)
        start = world.clinic_now() if wanted.start_at is None else wanted.start_at
        unit.add(*(touchpoint_for(world, campaign, one.id, start) for one in audience))
    world.wake("due")
    return Launched(campaign.id, len(audience), new=True)


def start(world: World, token: str, by: str) -> Launched:
    """Launches a campaign that was prepared, to the audience that was frozen then.

    Records that were merged since count once; who was cancelled or launched before is not launched.

    Raises:
        NotFound: no campaign has this token.
        BadInput: it was cancelled.
    """
    with world.db.write() as unit:
        campaign = unit.campaigns.by_token(token)
        if campaign is None:
            raise NotFound("No campaign has this token. See 'outreach campaign list'.")
        if campaign.status is CampaignStatus.CANCELLED:
            raise BadInput("state", "This campaign was cancelled. Prepare it under another token.")
        if campaign.status is CampaignStatus.LAUNCHED:
            return Launched(campaign.id, sum(unit.campaigns.progress(campaign.id).values()), False)
        found = (unit.people.survivor_of(UUID(one)) for one in campaign.audience or ())
        audience = {one.id for one in found if one is not None}
        now = world.clinic_now()
        campaign.status = CampaignStatus.LAUNCHED
        campaign.launched_by, campaign.launched_at = by, now
        unit.add(*(touchpoint_for(world, campaign, one, now) for one in sorted(audience)))
        launched = Launched(campaign.id, len(audience), new=True)
    world.wake("due")
    return launched


def _audience(unit: Unit, wanted: Launch) -> list[Patient]:
    return [
        patient
        for patient in unit.campaigns.audience(wanted.service)
        if wanted.language in {None, patient.language}
        and (wanted.only is None or patient.id in wanted.only)
    ]


def touchpoint_for(
    world: World, campaign: Campaign, patient_id: UUID, start: datetime
) -> Touchpoint:
    """The text of a campaign to one patient, from ``start`` (clinic time) for three days."""
    return Touchpoint(
        id=world.new_id(),
        journey="campaign",
        journey_digest="",
        step=campaign.template,
        patient_id=patient_id,
        anchor_kind=Anchor.CAMPAIGN,
        anchor_id=campaign.id,
        anchor_version=1,
        anchor_at=start,
        campaign_id=campaign.id,
        template=campaign.template,
        purpose=campaign.purpose,
        channels=[ChannelKind.SMS.value, ChannelKind.EMAIL.value],
        also_email=False,
        question_hours=0,
        due_at=start,
        useful_until=start + _USEFUL,
        status=TouchpointStatus.PLANNED,
        created_at=world.clinic_now(),
    )


def cancel(world: World, token: str) -> int:
    """Stops what has not left yet; returns how many touchpoints that ended.

    Raises:
        NotFound: no campaign was launched with this token.
    """
    with world.db.write() as unit:
        campaign = unit.campaigns.by_token(token)
        if campaign is None:
            raise NotFound("No campaign was launched with this token.")
        campaign.status = CampaignStatus.CANCELLED
        unit.flush()
        return unit.ledger.end_anchor(
            campaign.id, TouchpointStatus.CANCELLED, SkipReason.CANCELLED, world.clinic_now()
        )

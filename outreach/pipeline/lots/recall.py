"""Recall: everybody who has to do with a lot gets a text or a call, and nobody gets neither.

Prepared by one command and started by another, so that a person looks at it in between. Who may be
texted is asked of the one decision; all others are calls at once. Whoever the text does not reach
after all is called by ``instead``.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.policy import Verdict
from outreach.domain.states import Purpose
from outreach.pipeline import campaign
from outreach.pipeline.facts.deciding import decide_touchpoint
from outreach.pipeline.facts.reading import facts_for_touchpoints
from outreach.pipeline.lots import tracing
from outreach.pipeline.outcomes import instead
from outreach.pipeline.world import World
from outreach.storage.models import Campaign, CampaignStatus, Patient
from outreach.storage.repositories.lots import lot_index
from outreach.storage.unit import Unit

_PURPOSE = Purpose.CARE
"""News of what a patient was treated with is about that treatment (45 CFR 164.501): it needs no
consent to campaigns, and no cap delays it. Who wants no texts is called."""


@dataclass(frozen=True, slots=True)
class Recall:
    """What staff ask for."""

    lot: str
    template: str
    by: str
    fields: Mapping[str, str]
    token: str | None = None
    """None names it after the lot: to prepare the same recall again makes no second one."""
    since: datetime | None = None
    until: datetime | None = None
    """The time in which unknown lots count, as ``tracing.trace`` takes it."""
    unknown_too: bool = True
    """Also those of whom it is not known which lot they had."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of it."""

    token: str
    new: bool
    texts: int
    """Patients in the frozen audience."""
    calls: int
    """Calls that this made; those of an earlier run are not counted."""
    deceased: int
    """Patients who have died: nobody is texted or called."""


def prepare(world: World, wanted: Recall) -> Prepared:
    """Freezes who is texted and makes a call for everybody else. Repeating it is harmless.

    A repeat keeps the audience as it was frozen; whoever was found since is called, whatever
    consent they gave, as the text may have gone already.

    Raises:
        BadInput: this is no lot number, nobody has to do with it, or the token is another's.
        NotFound: there is no such message.
    """
    if not world.renderer.languages(wanted.template):
        raise NotFound(f"There is no message named {wanted.template!r}.")
    token = wanted.token or f"recall-{lot_index(wanted.lot)[:12]}"
    with world.db.write() as unit:
        trace = tracing.trace(unit, world, wanted.lot, wanted.since, wanted.until)
        people = _people(unit, [*trace.affected, *(trace.unknown if wanted.unknown_too else ())])
        row = unit.campaigns.by_token(token)
        new = row is None and _draft(unit, world, wanted, token, anybody=bool(people))
        row = unit.campaigns.by_token(token)
        if row is None or lot_index(row.lot or "") != lot_index(wanted.lot):
            raise BadInput("token", "This token was used for another campaign.")
        alive = [one for one in people if not one.deceased or one.death_reported]
        if new:
            row.audience = [one.hex for one in _textable(unit, world, row, alive)]
        texts = {UUID(one) for one in row.audience or ()}
        certain = {one.patient_id for one in trace.affected}
        calls = sum(
            _call(unit, world, row, one, certain=one.id in certain)
            for one in alive
            if one.id not in texts
        )
        return Prepared(token, new, len(texts), calls, len(people) - len(alive))


def _people(unit: Unit, holders: Sequence[tracing.Holder]) -> list[Patient]:
    """The patients themselves, in the order of the trace."""
    found = unit.people.patients([one.patient_id for one in holders]) if holders else {}
    return [found[one.patient_id] for one in holders if one.patient_id in found]


def _draft(unit: Unit, world: World, wanted: Recall, token: str, *, anybody: bool) -> bool:
    """Writes the campaign; False when somebody else did at this moment.

    Raises:
        BadInput: there is nobody to tell.
    """
    if not anybody:
        raise BadInput("lot", "Nobody is known to have to do with this lot.")
    return unit.add_new(
        Campaign(
            id=world.new_id(),
            token=token,
            name="Recall of a lot",
            template=wanted.template,
            purpose=_PURPOSE,
            fields=json.dumps(dict(wanted.fields)),
            status=CampaignStatus.DRAFT,
            audience=[],
            calls_instead=True,
            lot=wanted.lot,
            launched_by=wanted.by,
            launched_at=world.clinic_now(),
        )
    )


def _textable(unit: Unit, world: World, row: Campaign, people: Collection[Patient]) -> list[UUID]:
    """Who would get the text if it were started now, at once or at the next permitted hour."""
    now = world.clinic_now()
    trials = [campaign.touchpoint_for(world, row, one.id, now) for one in people if one.active]
    if not trials:
        return []
    facts = facts_for_touchpoints(unit, world, trials)
    return [
        one.patient_id
        for one in trials
        if decide_touchpoint(world, facts, one, facts.address_of(one), now).verdict
        is not Verdict.SKIP
    ]


def _call(unit: Unit, world: World, row: Campaign, patient: Patient, *, certain: bool) -> bool:
    """A call, unless it was made before; says whether it is new."""
    if unit.followups.id_of(instead.recall_key(row.id, patient.id)) is not None:
        return False
    why = "The patient cannot be texted." if certain else "It is not known which lot they had."
    instead.call_about_recall(unit, world, row, patient, why)
    return True

"""Pause: staff hold back one patient's outreach, and only staff take it up again."""

from uuid import UUID

import structlog

from outreach.domain.errors import NotFound
from outreach.pipeline.world import World

log = structlog.get_logger(__name__)


def set_paused(world: World, patient_id: UUID, *, paused: bool, by: str) -> None:
    """Sets the flag that the last-moment check reads.

    Raises:
        NotFound: there is no such patient.
    """
    with world.db.write() as unit:
        patient = unit.people.patient(patient_id)
        if patient is None:
            raise NotFound("There is no such patient.")
        patient.paused = paused
    log.info("patient.paused" if paused else "patient.resumed", patient_id=str(patient_id), by=by)

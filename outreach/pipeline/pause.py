"""Pause: staff hold back one patient's outreach, and only staff take it up again."""

from uuid import UUID

import structlog

from outreach.domain.errors import NotFound
from outreach.pipeline.world import World
from outreach.storage.models import Patient

log = structlog.get_logger(__name__)


def mark(world: World, patient: Patient, *, paused: bool) -> None:
    """The flag, and since when: what is missed in one stay is one item for staff."""
    if not paused:
        patient.paused_since = None
    elif patient.paused_since is None:
        patient.paused_since = world.clinic_now()
    patient.paused = paused


def set_paused(world: World, patient_id: UUID, *, paused: bool, by: str) -> None:
    """Sets the flag that the last-moment check reads.

    Raises:
        NotFound: there is no such patient.
    """
    with world.db.write() as unit:
        patient = unit.people.patient(patient_id)
        if patient is None:
            raise NotFound("There is no such patient.")
        mark(world, patient, paused=paused)
    log.info("patient.paused" if paused else "patient.resumed", patient_id=str(patient_id), by=by)

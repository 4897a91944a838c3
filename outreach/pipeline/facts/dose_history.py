"""What is known of a patient's home doses: what was planned, and what was told of each."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.home_doses import HomeDose, Told
from outreach.domain.triage.doses import DoseReport, report_from_json
from outreach.pipeline import plan
from outreach.pipeline.world import World
from outreach.storage.models import Dose, DoseLog, DoseStatus, Patient
from outreach.storage.unit import Unit

LOOKS_BACK = timedelta(days=90)
_ANSWER = {DoseStatus.TAKEN: "done", DoseStatus.LATE: "late", DoseStatus.SKIPPED: "skip"}
_VOLUMES = 10


@dataclass(frozen=True, slots=True)
class DoseHistory:
    """The home doses of the last 90 days, by regimen and in order of time."""

    by_regimen: dict[UUID, tuple[HomeDose, ...]]
    zone: ZoneInfo
    """Where the patient's days begin."""

    @property
    def all(self) -> tuple[HomeDose, ...]:
        """Those of every regimen, in order of time."""
        doses = (dose for found in self.by_regimen.values() for dose in found)
        return tuple(sorted(doses, key=lambda dose: (dose.due_at, dose.name)))


def of_patient(unit: Unit, world: World, patient: Patient) -> DoseHistory:
    """The doses that were due in the last 90 days (clinic time); a dose of later that was told of
    already counts too."""
    now = world.clinic_now()
    rows = unit.visits.doses_due(patient.id, now - LOOKS_BACK, now + timedelta(days=2))
    told = _told(unit.visits.dose_logs_of(patient.id))
    found: dict[UUID, list[HomeDose]] = defaultdict(list)
    for row in rows:
        if row.due_at <= now or row.id in told:
            known = HomeDose(row.id.hex, row.due_at, tuple(told.get(row.id, ())))
            found[row.regimen_id].append(known)
    by_regimen = {regimen: tuple(doses) for regimen, doses in found.items()}
    return DoseHistory(by_regimen, plan.patient_zone(patient, world))


def volumes_before(unit: Unit, dose: Dose) -> list[float]:
    """The volumes in ml that a patient told of the latest doses before this one."""
    logs = unit.visits.dose_logs_of(dose.patient_id)
    told = _told(log for log in logs if log.dose_id != dose.id)
    reports = [one.report for found in told.values() for one in found[-1:]]
    volumes = [one.volume_ml for one in reports if one.volume_ml and not one.per_site]
    return volumes[-_VOLUMES:]


def _told(logs: Iterable[DoseLog]) -> dict[UUID, list[Told]]:
    """What was told of each dose, oldest first."""
    found: dict[UUID, list[Told]] = defaultdict(list)
    for log in logs:
        found[log.dose_id].append(Told(log.reported_at, report_of(log)))
    return found


def report_of(log: DoseLog) -> DoseReport:
    """A stored report. One that keeps no details says only what became of the dose."""
    if log.details is None:
        return DoseReport(_ANSWER.get(log.status))
    return report_from_json(json.loads(log.details))

"""Patients, how to reach them, and the consent ledger."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from outreach.domain import events
from outreach.domain.consent import ConsentAction, ConsentLine, ConsentState, consent_state
from outreach.domain.states import ChannelKind
from outreach.storage.among import among
from outreach.storage.crypto import keyring
from outreach.storage.insert import insert_new
from outreach.storage.locks import hold
from outreach.storage.memory import flush, memory_of
from outreach.storage.models import (
    Appointment,
    Consent,
    ContactPoint,
    ContactStatus,
    Identifier,
    IdentifierKind,
    JourneyVersion,
    Occasion,
    Patient,
    Site,
)

_AFTER_OWN = 100


def identifier_index(kind: IdentifierKind, system: str, value: str) -> str:
    """The blind index under which an outside identifier is found."""
    return keyring().index(kind.value, f"{system}\0{value}")


def address_index(channel: ChannelKind, address: str) -> str:
    """The blind index of an E.164 number or of a mailbox (compared without case)."""
    return keyring().index(channel.value, address.casefold())


def _lock_key(index: str) -> int:
    """The first 64 bits of a blind index, as PostgreSQL's signed ``bigint``."""
    return int.from_bytes(bytes.fromhex(index[:16]), signed=True)


def _working(rows: Iterable[ContactPoint]) -> list[ContactPoint]:
    active = (row for row in rows if row.status is ContactStatus.ACTIVE)
    return sorted(active, key=lambda row: (row.rank, row.id))


class People:
    """Queries about persons."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def patient(self, patient_id: UUID) -> Patient | None:
        """One patient."""
        memory = memory_of(self._session)
        known = None if memory is None else memory.row(Patient, patient_id)
        return known or self._session.get(Patient, patient_id)

    def patients(self, ids: Collection[UUID]) -> dict[UUID, Patient]:
        """Patients by id."""
        rows = self._session.scalars(select(Patient).where(among(Patient.id, ids)))
        return {row.id: row for row in rows}

    def read_patients(self, ids: Collection[UUID]) -> None:
        """Remembers patients, so that each is not asked for alone."""
        memory = memory_of(self._session)
        if memory is not None and ids:
            memory.keep(self.patients(ids).values())

    def everyone(self) -> list[Patient]:
        """All patients in care, oldest record first."""
        query = select(Patient).where(Patient.merged_into.is_(None)).order_by(Patient.id)
        return list(self._session.scalars(query))

    def named_by(self, identifiers: Iterable[events.Identifier]) -> list[Patient]:
        """The patients that any of these identifiers names, merged records followed to the last."""
        owners = [
            owner.patient_id
            for owner in self.owners(IdentifierKind.PATIENT, identifiers)
            if owner.patient_id is not None
        ]
        return list({row.id: row for row in map(self._survivor, owners)}.values())

    def _survivor(self, patient_id: UUID) -> Patient:
        patient = self._known(patient_id)
        while patient.merged_into is not None:
            patient = self._known(patient.merged_into)
        return patient

    def _known(self, patient_id: UUID) -> Patient:
        return self.patient(patient_id) or self._session.get_one(Patient, patient_id)

    def owners(
        self, kind: IdentifierKind, identifiers: Iterable[events.Identifier]
    ) -> list[Identifier]:
        """The stored rows of these identifiers."""
        indexes = {
            identifier_index(kind, item.system, item.value): item.system for item in identifiers
        }
        memory = memory_of(self._session)
        if memory is not None:
            groups = [memory.group(Identifier, (kind, index)) for index in indexes]
            if None not in groups:
                return [row for group in groups if group is not None for row in group]
        # with the system too, as the unique key has it between the two others
        query = select(Identifier).where(
            Identifier.kind == kind,
            Identifier.system.in_(set(indexes.values())),
            among(Identifier.value_index, indexes),
        )
        return list(self._session.scalars(query))

    def read_names(self, names: Iterable[tuple[IdentifierKind, events.Identifier]]) -> None:
        """Remembers what these names name, and what an event asks of a patient: in few statements.

        The names must be held (``lock``): nobody else gives or moves one meanwhile.
        """
        memory = memory_of(self._session)
        if memory is None:
            return
        wanted: dict[tuple[IdentifierKind, str], str] = {
            (kind, identifier_index(kind, item.system, item.value)): item.system
            for kind, item in names
        }
        unknown = [key for key in wanted if memory.group(Identifier, key) is None]
        query = select(Identifier).where(
            Identifier.kind.in_({kind for kind, _ in unknown}),
            Identifier.system.in_({wanted[key] for key in unknown}),
            among(Identifier.value_index, [index for _, index in unknown]),
        )
        rows = list(self._session.scalars(query)) if unknown else []
        memory.keep_groups(Identifier, unknown, rows)
        patients = {row.patient_id for row in rows if row.patient_id is not None}
        if patients:
            memory.keep(self.patients(patients).values())
            for table in (ContactPoint, Occasion):
                found = self._session.scalars(
                    select(table).where(among(table.patient_id, patients))
                )
                memory.keep_groups(table, patients, found)
        visits = {row.appointment_id for row in rows if row.appointment_id is not None}
        if visits:
            memory.keep(
                self._session.scalars(select(Appointment).where(among(Appointment.id, visits)))
            )

    def systems(self) -> list[str]:
        """The systems that name patients."""
        query = select(Identifier.system).where(Identifier.kind == IdentifierKind.PATIENT)
        return sorted(self._session.scalars(query.distinct()))

    def any_identifier(self) -> Identifier | None:
        """One row, whichever: enough to see whether our keys wrote it."""
        return self._session.scalar(select(Identifier).limit(1))

    def survivor_of(self, patient_id: UUID) -> Patient | None:
        """The record that a patient's id leads to today, merges followed."""
        found = self._session.get(Patient, patient_id)
        return None if found is None else self._survivor(patient_id)

    def identifiers_of(self, patient_ids: Collection[UUID]) -> dict[UUID, list[Identifier]]:
        """The identifiers of patients."""
        query = select(Identifier).where(among(Identifier.patient_id, patient_ids))
        found: dict[UUID, list[Identifier]] = defaultdict(list)
        for row in self._session.scalars(query.order_by(Identifier.id)):
            if row.patient_id is not None:
                found[row.patient_id].append(row)
        return found

    def move_identifiers(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor answers to the prior record's names."""
        self._session.execute(
            update(Identifier).where(Identifier.patient_id == prior).values(patient_id=survivor)
        )

    def move_contacts(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the prior record's addresses come after the survivor's own.

        An address of both stays once, and in use if either record had it in use.
        """
        own = {(row.channel, row.address_index): row for row in self.all_contacts(survivor)}
        for row in self.all_contacts(prior):
            mine = own.get((row.channel, row.address_index))
            if mine is None:
                row.patient_id = survivor
                row.rank += _AFTER_OWN
                continue
            if mine.status is ContactStatus.REMOVED:
                mine.status, mine.rank = row.status, row.rank + _AFTER_OWN
            row.status = ContactStatus.REMOVED
        flush(self._session)

    def contacts_of(self, patient_ids: Collection[UUID]) -> dict[UUID, list[ContactPoint]]:
        """Working contact points by patient, the preferred first."""
        memory = memory_of(self._session)
        if memory is not None:
            groups = {key: memory.group(ContactPoint, key) for key in patient_ids}
            if None not in groups.values():
                return {key: _working(group) for key, group in groups.items() if group}
        query = (
            select(ContactPoint)
            .where(
                among(ContactPoint.patient_id, patient_ids),
                ContactPoint.status == ContactStatus.ACTIVE,
            )
            .order_by(ContactPoint.rank, ContactPoint.id)
        )
        found: dict[UUID, list[ContactPoint]] = defaultdict(list)
        for row in self._session.scalars(query):
            found[row.patient_id].append(row)
        return found

    def all_contacts(self, patient_id: UUID) -> list[ContactPoint]:
        """Every contact point ever known for a patient, working or not."""
        memory = memory_of(self._session)
        known = None if memory is None else memory.group(ContactPoint, patient_id)
        if known is not None:
            return list(known)
        query = select(ContactPoint).where(ContactPoint.patient_id == patient_id)
        return list(self._session.scalars(query))

    def all_contacts_of(self, ids: Collection[UUID]) -> dict[UUID, list[ContactPoint]]:
        """Every contact point ever known for several patients, by patient."""
        found: dict[UUID, list[ContactPoint]] = defaultdict(list)
        query = select(ContactPoint).where(among(ContactPoint.patient_id, ids))
        for row in self._session.scalars(query.order_by(ContactPoint.rank, ContactPoint.id)):
            found[row.patient_id].append(row)
        return found

    def at_address(self, index: str) -> list[Patient]:
        """The patients reached at an address: several when a phone is shared."""
        query = (
            select(Patient)
            .join(ContactPoint, ContactPoint.patient_id == Patient.id)
            .where(ContactPoint.address_index == index, Patient.merged_into.is_(None))
            .where(ContactPoint.status != ContactStatus.REMOVED)
            .order_by(Patient.id)
        )
        return list(self._session.scalars(query).unique())

    def mark_contacts(self, index: str, status: ContactStatus) -> None:
        """Every contact point with this address, whoever's it is."""
        self._session.execute(
            update(ContactPoint).where(ContactPoint.address_index == index).values(status=status)
        )

    def rest(self, index: str, until: datetime) -> None:
        """Texts did not reach this address: it is not texted until then (clinic time)."""
        self._session.execute(
            update(ContactPoint)
            .where(ContactPoint.address_index == index)
            .values(suspect_until=until)
        )

    def trust_again(self, indexes: Collection[str]) -> None:
        """A text arrived at these addresses, or somebody wrote from them: they take texts."""
        self._session.execute(
            update(ContactPoint)
            .where(ContactPoint.address_index.in_(indexes), ContactPoint.suspect_until.is_not(None))
            .values(suspect_until=None)
        )

    def mark_wrong(self, index: str) -> None:
        """Somebody else answers at this address: nothing goes there for anybody any more."""
        self._remark(index, ContactStatus.ACTIVE, ContactStatus.WRONG)

    def mark_right(self, index: str) -> None:
        """It was the patient's after all."""
        self._remark(index, ContactStatus.WRONG, ContactStatus.ACTIVE)

    def _remark(self, index: str, old: ContactStatus, new: ContactStatus) -> None:
        self._session.execute(
            update(ContactPoint)
            .where(ContactPoint.address_index == index, ContactPoint.status == old)
            .values(status=new)
        )

    def consent_of(self, indexes: Collection[str]) -> dict[str, ConsentState]:
        """What each address allows now; an address without a line allows nothing."""
        query = (
            select(Consent.address_index, Consent.action, Consent.scope, Consent.ends_at)
            .where(among(Consent.address_index, indexes))
            .order_by(Consent.position)
        )
        lines: dict[str, list[ConsentLine]] = defaultdict(list)
        for index, action, scope, ends_at in self._session.execute(query):
            lines[index].append(ConsentLine(action, scope, ends_at))
        return {index: consent_state(lines[index]) for index in indexes}

    def consent_history(self, indexes: Collection[str]) -> list[Consent]:
        """The ledger's lines for these addresses, oldest first."""
        query = select(Consent).where(among(Consent.address_index, indexes))
        return list(self._session.scalars(query.order_by(Consent.position)))

    def consent_since(self, index: str, position: int) -> list[tuple[ConsentAction, str]]:
        """What the lines after ``position`` did to an address, each with its source, in order."""
        query = (
            select(Consent.action, Consent.source)
            .where(Consent.address_index == index, Consent.position > position)
            .order_by(Consent.position)
        )
        return [(action, source) for action, source in self._session.execute(query)]

    def consent_before(self, index: str, position: int) -> ConsentState:
        """What an address allowed when ``position`` was the last line of the ledger."""
        query = (
            select(Consent.action, Consent.scope, Consent.ends_at)
            .where(Consent.address_index == index, Consent.position <= position)
            .order_by(Consent.position)
        )
        rows = self._session.execute(query)
        return consent_state(ConsentLine(*row) for row in rows)

    def consent_position(self, index: str) -> int:
        """The last line of an address's ledger; 0 when it has none."""
        query = select(func.max(Consent.position)).where(Consent.address_index == index)
        return self._session.scalar(query) or 0

    def patient_ids_at(self, index: str) -> list[UUID]:
        """Who is reached at an address, without opening anything that is sealed."""
        query = (
            select(Patient.id)
            .join(ContactPoint, ContactPoint.patient_id == Patient.id)
            .where(ContactPoint.address_index == index, Patient.merged_into.is_(None))
            .where(ContactPoint.status != ContactStatus.REMOVED)
        )
        return list(self._session.scalars(query.distinct()))

    def put_site(self, site: Site) -> None:
        """A site as ``clinic.yaml`` says it now."""
        self._session.merge(site)

    def add_site(self, site: Site) -> None:
        """A site that is not on record yet; what is on record of one stays as it is."""
        memory = memory_of(self._session)
        if memory is None or memory.once((Site, site.code)):
            insert_new(self._session, site)

    def lock(self, indexes: Iterable[str]) -> None:
        """Holds what these blind indexes name until this unit ends, so that others wait."""
        keys = {_lock_key(index) for index in indexes}
        memory = memory_of(self._session)
        if memory is not None:
            keys = {key for key in keys if memory.once((Identifier, key))}
        hold(self._session, keys)

    def knows_journey(self, name: str, digest: str) -> bool:
        """Whether this version of a journey file is on record."""
        query = select(JourneyVersion.id).where(
            JourneyVersion.name == name, JourneyVersion.digest == digest
        )
        return self._session.scalar(query) is not None

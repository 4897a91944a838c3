"""Wishes: what a person wants of our messages, beside what else stands in the reply.

The words that a carrier acts on mean something to the clinic too: CANCEL may be about the visit.
And a revocation binds every way to the person that its words cover (47 CFR 64.1200(a)(10)).
"""

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.states import ChannelKind
from outreach.domain.triage.keywords import bare_word
from outreach.domain.triage.result import Action, Triage
from outreach.domain.triage.verdict import OPT_IN
from outreach.pipeline import consent
from outreach.pipeline.followup import NewItem
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, Patient, Reply
from outreach.storage.unit import Unit

CANCEL = "cancel"
_EMAIL_ALONE = ("email", "e-mail", "mail", "correo")
"""Words by which somebody says that emails are meant, and nothing else."""


def is_plain_start(reply: Reply, result: Triage) -> bool:
    """START or its like and nothing else: done when it is recorded, so that nobody need read it."""
    alone = not result.concepts or result.concepts == (OPT_IN,)
    plain = alone and result.answer is None and not reply.media
    return plain and not result.urgent and (reply.keyword == "start" or result.opt_in)


def cancel_item(reply: Reply) -> NewItem | None:
    """CANCEL ends our texts by the carrier's rules, and the patient may have meant the visit."""
    if reply.channel is not ChannelKind.SMS or bare_word(reply.body) != CANCEL:
        return None
    return NewItem(
        reason_key=f"reply:{reply.id.hex}",
        kind=CANCEL,
        action=Action.SAME_DAY,
        summary="The patient wrote CANCEL, which ends our texts. They may have meant the visit: "
        "call and ask. To get texts again they write START.",
        patient_id=reply.patient_id,
        reply_id=reply.id,
    )


def bind_phones(
    unit: Unit, world: World, reply: Reply, result: Triage, patient: Patient | None
) -> None:
    """An opt-out in an email, in words that do not speak of emails alone, ends texts as well.

    The patient's own phones, and those of whoever wrote it from a mailbox of theirs. A bare word
    such as UNSUBSCRIBE is about the emails it answers.
    """
    if reply.channel is not ChannelKind.EMAIL or not result.opt_out or patient is None:
        return
    if bare_word(reply.body) or any(word in reply.body.casefold() for word in _EMAIL_ALONE):
        return
    for contact in _phones_beside(unit, patient, reply.address_index):
        if not consent.opted_out(unit, contact.address_index):
            consent.write(
                unit,
                world,
                consent.Said(
                    ChannelKind.SMS,
                    contact.address_index,
                    ConsentAction.OPT_OUT,
                    ConsentScope.ALL,
                    source="reply",
                    actor="patient",
                    patient_id=patient.id,
                    words=reply.body,
                    at=reply.received_at,
                    address=contact.address,
                ),
            )


def _phones_beside(unit: Unit, patient: Patient, mailbox_index: str) -> list[ContactPoint]:
    """The phones of the person whose mailbox this is: contact points of the same role."""
    contacts = unit.people.all_contacts(patient.id)
    roles = {row.role for row in contacts if row.address_index == mailbox_index}
    return [row for row in contacts if row.channel is ChannelKind.SMS and row.role in roles]

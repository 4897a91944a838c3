"""Reply: an inbound message is durable, and an exact STOP obeyed, before it is acknowledged."""

from dataclasses import dataclass

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.states import ChannelKind
from outreach.domain.triage.automatic import looks_automatic
from outreach.domain.triage.keywords import Keyword, answered_by_carrier, carrier_keyword
from outreach.pipeline import consent, media
from outreach.pipeline.world import World
from outreach.storage.models import Media, Reply
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from outside, as its provider delivered it."""

    provider_id: str
    channel: ChannelKind
    sender: str
    """E.164 number or mailbox of whoever wrote."""
    recipient: str
    body: str
    media: int = 0
    """How many pictures came with it; they are fetched and shown to staff only."""
    keyword: Keyword | None = None
    """What the carrier itself understood, where it says so (Twilio's Advanced Opt-Out)."""
    media_urls: tuple[str, ...] = ()
    """Where the carrier keeps the pictures; they are fetched by a stage of its own."""
    files: tuple[bytes, ...] = ()
    """Pictures that an email carried."""
    automatic: bool = False
    """It says of itself that a machine wrote it."""


def receive(world: World, inbound: Inbound) -> bool:
    """Stores a reply and applies the carrier's own keywords in the same unit; wakes ``triage``.

    Returns:
        False when the provider delivered this message before: it has no effect again.

    Raises:
        Unavailable: the database cannot be reached; the provider must try again.
    """
    index = address_index(inbound.channel, inbound.sender)
    keyword = inbound.keyword or carrier_keyword(inbound.body)
    row = Reply(
        id=world.new_id(),
        provider_id=inbound.provider_id[:80],
        channel=inbound.channel,
        address=inbound.sender,
        address_index=index,
        recipient=inbound.recipient[:40],
        body=inbound.body,
        media=inbound.media,
        keyword=keyword,
        carrier_acted=inbound.keyword is not None,
        automatic=inbound.automatic or looks_automatic(inbound.body),
        received_at=world.clinic_now(),
    )
    files = media.rows(world, row.id, inbound.media_urls, inbound.files)
    with world.db.write() as unit:
        row.consent_seen = unit.people.consent_position(index)
        new = unit.add_new(row)
        if new:
            unit.add(*(file for file in files if isinstance(file, Media)))
            unit.flush()
            unit.add(*(file for file in files if not isinstance(file, Media)))
        if new:
            unit.people.trust_again([index])
        if new and keyword in {"stop", "start"}:
            action = ConsentAction.OPT_OUT if keyword == "stop" else ConsentAction.OPT_IN
            record_consent(unit, world, row, action)
    world.wake("triage")
    if new and inbound.media_urls:
        world.wake("media")
    return new


def record_consent(unit: Unit, world: World, reply: Reply, action: ConsentAction) -> bool:
    """One line in the ledger with the person's exact words, dated by when they came.

    START brings back what the clinic's attestation or an earlier opt-in covered: care messages.
    Campaigns need an opt-in of their own. A reply read late never undoes a newer word: no opt-out
    of any source for an opt-in, none but the person's own opt-in for an opt-out.

    Returns:
        False when it counts for nothing, because a newer word stands against it.
    """
    unit.flush()
    if _outdated(unit, reply, action):
        return False
    scope = ConsentScope.ALL if action is ConsentAction.OPT_OUT else ConsentScope.CARE
    consent.write(
        unit,
        world,
        consent.Said(
            reply.channel,
            reply.address_index,
            action,
            scope,
            source="reply",
            actor="patient",
            patient_id=reply.patient_id,
            words=reply.body,
            at=reply.received_at,
            address=reply.address,
            carrier_knows=carrier_acted(world, reply),
        ),
    )
    return True


def carrier_acted(world: World, reply: Reply) -> bool:
    """Whether the carrier itself acted on the word that a text consists of, and answered it."""
    words = world.clinic.carrier_answers_keywords and answered_by_carrier(reply.body)
    return reply.channel is ChannelKind.SMS and (reply.carrier_acted or words)


def _outdated(unit: Unit, reply: Reply, action: ConsentAction) -> bool:
    """Judged by the ledger's own order, because a clock may step back between two replies."""
    newer = unit.people.consent_since(reply.address_index, reply.consent_seen)
    if action is ConsentAction.OPT_IN:
        return any(said is ConsentAction.OPT_OUT for said, _ in newer)
    return (ConsentAction.OPT_IN, "reply") in newer

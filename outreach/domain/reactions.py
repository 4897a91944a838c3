"""What each provider error code means for us, as a table that can be read aloud.

One road for a refusal at once (the answer to a send) and for one that comes later (a receipt):
``reaction_for``. The engine decides how a reaction is carried out; here is only which one.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reaction(StrEnum):
    """What follows from an error."""

    MARK_NUMBER_INVALID = "mark_number_invalid"
    """The address does not exist: it is marked and never used again; care becomes a call."""
    CANNOT_TAKE_SMS = "cannot_take_sms"
    """A real number that takes no texts: it is marked; care becomes a call."""
    UNREACHABLE_RETRY_LATER = "unreachable_retry_later"
    """Off or out of reach: tried once more hours later, then another way or a call; a phone that
    three texts in a row do not reach is rested."""
    OPTED_OUT = "opted_out"
    """The carrier holds a STOP: it goes into the ledger; never retried; care becomes a call."""
    FILTERED = "filtered"
    """Blocked for its content: never retried; the operator is told, and paged where it is often."""
    SENDER_BLOCKED = "sender_blocked"
    """This sender may not send: its breaker opens, the operator is paged, and the text goes by
    another sender or waits."""
    SLOW_DOWN = "slow_down"
    """Too fast: it waits, longer each time, and is tried again while it is of use."""
    DEFER_PAST_RESET = "defer_past_reset"
    """A daily or hourly cap: tried again past its reset, if it is of use then; the operator is
    told."""
    PAUSE_ACCOUNT = "pause_account"
    """Our account or its settings: the breaker opens, everything waits, the operator is paged."""
    OUR_BUG = "our_bug"
    """A request that can never be right: it ends, and the operator is told."""
    UNKNOWN_OUTCOME = "unknown_outcome"
    """It may or may not have been sent: settle by evidence, never resend blind."""
    RESEND_SAFELY = "resend_safely"
    """Lost in transit for certain: a fresh send is safe, at most twice."""
    MAY_HAVE_ARRIVED = "may_have_arrived"
    """The carrier gave no answer: never a second text; care becomes a call."""
    EXPIRED = "expired"
    """Its validity ran out in the provider's queue: sent afresh twice at most, while of use."""
    LOOP_GUARD = "loop_guard"
    """Too many answers to one number in a short time: it ends; two machines may be talking."""
    ALERT = "alert"
    """Nobody has met this code: no retry; the operator is told, care becomes a call."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the codes (first to last, inclusive), what follows, and why."""

    first: int
    last: int
    reaction: Reaction
    why: str


# the table below is made on import, before any mutant is chosen; the tests of it stand for this
def _rule(
    codes: int | tuple[int, int], reaction: Reaction, why: str
) -> Rule:  # pragma: no mutate block
    first, last = (codes, codes) if isinstance(codes, int) else codes
    return Rule(first, last, reaction, why)


REACTIONS: tuple[Rule, ...] = (
    # -- the recipient
    _rule(21211, Reaction.MARK_NUMBER_INVALID, "not a phone number"),
    _rule(21217, Reaction.MARK_NUMBER_INVALID, "the number is badly formed"),
    _rule(21604, Reaction.MARK_NUMBER_INVALID, "no number was given"),
    _rule(21614, Reaction.MARK_NUMBER_INVALID, "not a mobile number"),
    _rule(21612, Reaction.CANNOT_TAKE_SMS, "no route from our sender to this number"),
    _rule(21635, Reaction.CANNOT_TAKE_SMS, "a landline"),
    _rule((30005, 30006), Reaction.CANNOT_TAKE_SMS, "unknown handset, or a landline"),
    _rule(30003, Reaction.UNREACHABLE_RETRY_LATER, "switched off or out of reach"),
    _rule(21610, Reaction.OPTED_OUT, "this number answered STOP to our sender"),
    # -- the text
    _rule(30004, Reaction.FILTERED, "blocked by the recipient's side"),
    _rule(30007, Reaction.FILTERED, "a carrier took it for unwanted content"),
    # -- the sender
    _rule((30032, 30035), Reaction.SENDER_BLOCKED, "sender not verified, registered or in force"),
    # -- the pace
    _rule(20429, Reaction.SLOW_DOWN, "too many requests at once; none was processed"),
    _rule(21611, Reaction.SLOW_DOWN, "the queue of our sender is full"),
    _rule(30001, Reaction.SLOW_DOWN, "the queue overflowed"),
    _rule(30022, Reaction.SLOW_DOWN, "above the carrier's rate for our registration"),
    _rule(30023, Reaction.DEFER_PAST_RESET, "daily cap of the carrier reached"),
    _rule(30027, Reaction.DEFER_PAST_RESET, "daily cap of our registration reached"),
    _rule(60728, Reaction.DEFER_PAST_RESET, "hourly cap reached"),
    _rule(63038, Reaction.DEFER_PAST_RESET, "daily cap of the account reached"),
    # -- our account and its settings
    _rule(20003, Reaction.PAUSE_ACCOUNT, "account id or token refused"),
    _rule(20005, Reaction.PAUSE_ACCOUNT, "the account is not active"),
    _rule(90010, Reaction.PAUSE_ACCOUNT, "the account is not active"),
    _rule(30002, Reaction.PAUSE_ACCOUNT, "the account was suspended while texts waited"),
    _rule(21212, Reaction.PAUSE_ACCOUNT, "our sender is not a valid number"),
    _rule(21408, Reaction.PAUSE_ACCOUNT, "this country is not enabled for the account"),
    _rule(21603, Reaction.PAUSE_ACCOUNT, "no sender is configured"),
    _rule(21606, Reaction.PAUSE_ACCOUNT, "our sender does not belong to the account"),
    _rule(21608, Reaction.PAUSE_ACCOUNT, "a trial account texts verified numbers only"),
    _rule(21609, Reaction.PAUSE_ACCOUNT, "the public address for receipts is not acceptable"),
    _rule(21701, Reaction.PAUSE_ACCOUNT, "the messaging service does not exist"),
    _rule((21703, 21704), Reaction.PAUSE_ACCOUNT, "the messaging service has no usable sender"),
    _rule(535, Reaction.PAUSE_ACCOUNT, "the mail server refused our credentials"),
    _rule(530, Reaction.PAUSE_ACCOUNT, "the mail server wants credentials or encryption"),
    # -- a request that can never be right
    _rule(21602, Reaction.OUR_BUG, "no text was given"),
    _rule(21617, Reaction.OUR_BUG, "the text is longer than 1,600 characters"),
    _rule((21650, 21659), Reaction.OUR_BUG, "a parameter is wrong or missing"),
    # -- what happened to it
    _rule(20500, Reaction.UNKNOWN_OUTCOME, "the provider failed while it held the request"),
    _rule(20503, Reaction.UNKNOWN_OUTCOME, "the provider was unavailable"),
    _rule(30008, Reaction.RESEND_SAFELY, "failed for a reason the carrier does not give"),
    _rule(30017, Reaction.RESEND_SAFELY, "the carrier was congested"),
    _rule((30020, 30021), Reaction.RESEND_SAFELY, "an internal failure on the way"),
    _rule(30047, Reaction.RESEND_SAFELY, "failed on the way for a passing reason"),
    _rule(30410, Reaction.MAY_HAVE_ARRIVED, "the carrier did not answer in time"),
    _rule(30036, Reaction.EXPIRED, "its validity period ran out in the queue"),
    _rule(14107, Reaction.LOOP_GUARD, "more than 15 answers to one number in 30 s"),
    # -- mail servers (RFC 5321, 4.2.3)
    _rule((550, 551), Reaction.MARK_NUMBER_INVALID, "no such mailbox"),
    _rule(552, Reaction.UNREACHABLE_RETRY_LATER, "the mailbox is full"),
    _rule(553, Reaction.MARK_NUMBER_INVALID, "the mailbox name is not allowed"),
    _rule(554, Reaction.FILTERED, "the mail server refused the content"),
)
"""Twilio's codes have five digits, those of mail servers three. No two rows overlap."""

_BY_CODE: dict[int, Reaction] = {
    code: rule.reaction for rule in REACTIONS for code in range(rule.first, rule.last + 1)
}


def reaction_for(code: int | None, http_status: int | None) -> Reaction:
    """What follows from an error ``code``, an HTTP status, or both; either may be missing.

    A 5xx answer to a send is an unknown outcome whatever code it carries: the provider may have
    kept the request before it failed. A code nobody has met is an alert, never a retry.
    """
    if http_status is not None and http_status >= 500:
        return Reaction.UNKNOWN_OUTCOME
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if http_status == 429:
        return Reaction.SLOW_DOWN
    if http_status in (401, 403):
        return Reaction.PAUSE_ACCOUNT
    if http_status == 413:
        return Reaction.OUR_BUG
    return Reaction.ALERT


def why(code: int) -> str | None:
    """The table's one-line reason for ``code``; None for a code nobody has met."""
    for rule in REACTIONS:
        if rule.first <= code <= rule.last:
            return rule.why
    return None

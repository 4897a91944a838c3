"""What a consent ledger amounts to (47 CFR 64.1200; an opt-out always wins until undone)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outreach.domain.states import Purpose


class ConsentAction(StrEnum):
    """What one line of the ledger says."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    ATTESTED = "attested"
    """The clinic says it collected consent for care messages itself."""


class ConsentScope(StrEnum):
    """What a line covers."""

    ALL = "all"
    """Everything but marketing."""
    CARE = "care"
    EDUCATION = "education"
    CAMPAIGN = "campaign"
    MARKETING = "marketing"
    """A signed authorisation, 45 CFR 164.508(a)(3): no other line stands in for it."""


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One line of the ledger for one address, without who and when."""

    action: ConsentAction
    scope: ConsentScope
    ends_at: datetime | None = None
    """When an authorisation ends (UTC); None where it names no date."""


@dataclass(frozen=True, slots=True)
class ConsentState:
    """What one address allows at this moment."""

    opted_out: bool = False
    attested: bool = False
    opted_in: frozenset[ConsentScope] = frozenset()
    authorised_until: datetime | None = None
    """When the authorisation for marketing ends (UTC); None where it names no date."""

    def allows(self, purpose: Purpose, now: datetime | None = None) -> bool:
        """Whether a message of ``purpose`` has consent; an opt-out is judged separately.

        Marketing needs a signed authorisation whose date has not passed by ``now`` (45 CFR
        164.508(b)(2)(i)); where no time is given, one with a date counts as ended.
        """
        if purpose in {Purpose.REPLY, Purpose.STAFF}:
            return True
        if purpose is Purpose.MARKETING:
            until = self.authorised_until
            valid = until is None or (now is not None and now < until)
            return ConsentScope.MARKETING in self.opted_in and valid
        if ConsentScope.ALL in self.opted_in or ConsentScope(purpose.value) in self.opted_in:
            return True
        return purpose is Purpose.CARE and self.attested


def consent_state(lines: Iterable[ConsentLine]) -> ConsentState:
    """What the lines of one address, oldest first, amount to.

    An opt-out of any scope by text stops everything (FCC: revocation by any reasonable means);
    a later opt-in undoes it, for what that opt-in covers. An attestation or an authorisation for
    marketing never undoes an opt-out: one from before it is revoked with the rest, and one made
    while it stands counts for nothing.
    """
    opted_out = False
    attested = False
    opted_in: frozenset[ConsentScope] = frozenset()
    until: datetime | None = None
    for line in lines:
        if line.action is ConsentAction.ATTESTED:
            attested = attested or not opted_out
        elif line.action is ConsentAction.OPT_OUT:
            opted_out, attested, opted_in, until = True, False, frozenset(), None
        elif line.scope is ConsentScope.MARKETING:
            if not opted_out:
                opted_in, until = opted_in | {line.scope}, line.ends_at
        else:
            opted_out, opted_in = False, opted_in | {line.scope}
    return ConsentState(opted_out, attested, opted_in, until)

"""What a consent ledger amounts to (47 CFR 64.1200; an opt-out always wins until undone)."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    CARE = "care"
    EDUCATION = "education"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One line of the ledger for one address, without who and when."""

    action: ConsentAction
    scope: ConsentScope


@dataclass(frozen=True, slots=True)
class ConsentState:
    """What one address allows at this moment."""

    opted_out: bool = False
    attested: bool = False
    opted_in: frozenset[ConsentScope] = frozenset()

    def allows(self, purpose: Purpose) -> bool:
        """Whether a message of ``purpose`` has consent; an opt-out is judged separately."""
        if purpose in {Purpose.REPLY, Purpose.STAFF}:
            return True
        if ConsentScope.ALL in self.opted_in or ConsentScope(purpose.value) in self.opted_in:
            return True
        return purpose is Purpose.CARE and self.attested


def consent_state(lines: Iterable[ConsentLine]) -> ConsentState:
    """What the lines of one address, oldest first, amount to.

    An opt-out of any scope by text stops everything (FCC: revocation by any reasonable means);
    a later opt-in undoes it, for what that opt-in covers. An attestation never undoes an opt-out:
    one from before it is revoked with the rest, and one made while it stands counts for nothing.
    """
    opted_out = False
    attested = False
    opted_in: frozenset[ConsentScope] = frozenset()
    for line in lines:
        if line.action is ConsentAction.ATTESTED:
            attested = attested or not opted_out
        elif line.action is ConsentAction.OPT_OUT:
            opted_out, attested, opted_in = True, False, frozenset()
        else:
            opted_out, opted_in = False, opted_in | {line.scope}
    return ConsentState(opted_out=opted_out, attested=attested, opted_in=opted_in)

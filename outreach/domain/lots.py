"""Lots: how a lot number is compared, and where one was heard of.

Patients type lots from a vial, systems from a bar code: what differs in case, spaces, dashes and O
for 0 is one lot. Whoever looks for a lot sees it as it was written, and so judges for themselves.
"""

import re
import unicodedata
from enum import StrEnum

MOST = 60
"""Characters of a lot number that are kept; longer ones are no lot numbers."""

_CALLED = re.compile(
    r"^(?:LOTES?|LOTS?)(?:[\W_]*(?:NUMERO|NUMBER|NUM|NO|NR)\b)?[\W_]*(?=.*\d)", re.DOTALL
)
_REST = re.compile(r"[\W_]+")


class LotSource(StrEnum):
    """Who said that a patient has to do with a lot."""

    ADMINISTERED = "administered"
    """The clinic's system, of an infusion."""
    LOGGED = "logged"
    """The patient, of a home dose."""
    DISPENSED = "dispensed"
    """The pharmacy's system, of a delivery."""


def lot_key(written: str) -> str:
    """The form in which lots are compared: ``lot # ab-o1 2`` is ``AB012``; empty when none is left.

    Changing this means indexing every stored lot anew.
    """
    plain = unicodedata.normalize("NFKC", written).upper()
    return _REST.sub("", _CALLED.sub("", plain.strip())).replace("O", "0")

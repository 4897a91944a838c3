"""Phone numbers as E.164, checked with libphonenumber's data (no network)."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers


@dataclass(frozen=True, slots=True)
class PhoneCheck:
    """Whether a number can exist, its E.164 form, and its kind in libphonenumber's words."""

    valid: bool
    e164: str | None
    type: str | None


_NOTHING = PhoneCheck(valid=False, e164=None, type=None)


@lru_cache(maxsize=4096)
def check_number(number: str, region: str) -> PhoneCheck:
    """Reads ``number`` as it would be dialled in ``region`` (two letters). Never raises."""
    try:
        parsed = phonenumbers.parse(number[:60], region)
    except phonenumbers.NumberParseException:
        return _NOTHING
    if not phonenumbers.is_valid_number(parsed):
        return _NOTHING
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed)).lower()
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return PhoneCheck(valid=True, e164=e164, type=kind)

"""Whether a phone number can exist, its E.164 form and its kind, by Google's numbering plans."""

from dataclasses import dataclass

import phonenumbers

_TYPES = {
    value: name.lower()
    for name, value in vars(phonenumbers.PhoneNumberType).items()
    if name.isupper() and isinstance(value, int)
}


@dataclass(frozen=True, slots=True)
class PhoneCheck:
    """The answer of ``outreach phone check``."""

    valid: bool
    e164: str | None
    """None when the number is not valid."""
    type: str
    """``mobile``, ``fixed_line``, ``fixed_line_or_mobile``, ``toll_free``, ... or ``unknown``."""


def check_number(number: str, region: str) -> PhoneCheck:
    """Checks ``number`` as written; ``region`` (``US``) counts when it has no country code."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return PhoneCheck(valid=False, e164=None, type="unknown")
    kind = phonenumbers.number_type(parsed)
    if kind == phonenumbers.PhoneNumberType.UNKNOWN:  # what "valid" means there, at half the cost
        return PhoneCheck(valid=False, e164=None, type="unknown")
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return PhoneCheck(valid=True, e164=e164, type=_TYPES[kind])

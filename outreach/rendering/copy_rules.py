"""What a message may say: the tables behind ``lint``, beside the words of ``config/copy.yaml``."""

from dataclasses import dataclass

from outreach.domain.copy_words import CopyWords

STAFF_PREFIX = "staff_"
"""Messages that begin so go to the clinic's own people, never to a patient."""

FROM_STAFF = "from_staff"
"""The message around what a person writes to a patient: the clinic's name and phone, no more. It
needs no approval, because whoever writes the words answers for them."""

RESERVED_KEYWORDS = (
    "CANCEL", "END", "QUIT", "STOP", "YES", "STOPALL", "UNSUBSCRIBE", "REVOKE", "OPTOUT",
    "OPT-OUT", "START", "UNSTOP",
)  # fmt: skip
"""Words that carriers answer themselves on long codes: asking for one opts a patient out or in."""

OWN_MEANING = frozenset({"STOP", "START"})
"""Reserved words a text may name, in a sentence about receiving texts and nothing else."""

LINK_SHORTENERS = (
    "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly",
    "shorturl.at", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd",
)  # fmt: skip
"""Public shorteners, which carriers filter (A2P 10DLC)."""


@dataclass(frozen=True, slots=True)
class CopyRules:
    """The limits a clinic may tighten or extend."""

    words: CopyWords
    shorteners: tuple[str, ...] = LINK_SHORTENERS
    languages: tuple[str, ...] = ("en", "es")
    max_segments: int = 2
    max_grade: float = 6.0
    staff_prefix: str = STAFF_PREFIX
    """They need no phone number to call."""

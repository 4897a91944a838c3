"""What a message may say: the tables behind ``lint``, for a clinician to read and extend.

A word that ends in ``*`` stands for all words that begin so. Words are compared without case and
without accents, so that one entry serves English and Spanish.
"""

from dataclasses import dataclass

THERAPY_WORDS = (
    "infus*", "ivig", "igiv", "scig", "igsc", "ig", "iv", "immunoglobulin*", "inmunoglobulin*",
    "globulin*", "globulina*", "intraven*", "subcutaneous*", "subcutane*", "premed*", "steroid*",
    "esteroid*", "biologic*", "plasma", "chemo*", "quimio*", "transfus*", "therap*", "terapia*",
    "treatment*", "tratamiento*", "immunosuppress*", "inmunosupres*",
)  # fmt: skip

PRODUCT_WORDS = (
    "alyglo", "asceniv", "bivigam", "cutaquig", "cuvitru", "flebogamma", "gammagard", "gammaked",
    "gammaplex", "gamunex*", "hizentra", "hyqvia", "octagam", "panzyga", "privigen", "xembify",
    "yimmugo", "rituximab", "rituxan", "infliximab", "remicade", "benadryl", "tylenol",
    "acetaminophen", "paracetamol", "diphenhydramine", "difenhidramina", "prednisone", "prednisona",
)  # fmt: skip

DIAGNOSIS_WORDS = (
    "dermatomyosit*", "dermatomiosit*", "polymyosit*", "polimiosit*", "myositis", "miositis",
    "pemphig*", "penfig*", "scleromyx*", "escleromix*", "cidp", "cvid", "myasthen*", "miastenia",
    "lupus", "immunodeficien*", "inmunodeficien*", "autoimmun*", "autoinmun*", "neuropath*",
    "neuropatia*", "cancer", "hiv", "vih",
)  # fmt: skip

RESERVED_KEYWORDS = (
    "CANCEL", "END", "QUIT", "STOP", "YES", "STOPALL", "UNSUBSCRIBE", "REVOKE", "OPTOUT",
    "START", "UNSTOP",
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

    forbidden: tuple[str, ...] = THERAPY_WORDS + PRODUCT_WORDS + DIAGNOSIS_WORDS
    shorteners: tuple[str, ...] = LINK_SHORTENERS
    languages: tuple[str, ...] = ("en", "es")
    max_segments: int = 2
    max_grade: float = 6.0
    staff_prefix: str = "staff_"
    """Messages to the clinic's own people, which need no phone number to call."""

"""How far a denial or an if reaches, and the small words that decide it."""

import re

REACH = 5
"""How many words a negation reaches over."""
LIST_REACH = 14
"""How many words it reaches over through a list joined by ``or``."""
HYPOTHETICAL_REACH = 10
CLAUSE_MAY_FOLLOW = 2
IDIOM_LEADS = frozenset(
    {"me", "se", "te", "le", "nos", "i", "im", "he", "she", "it", "its", "we", "you", "my", "mi"}
)
"""A small word may stand before the idiom: ``me | muero de hambre``; ``trouble | breathing ok``
is no idiom."""
LIST_STEP = 6
SEVERE_REACH = 3
MILD_REACH = 2
PRONOUNS = frozenset({"me", "se", "te", "le", "really", "even", "any", "currently", "actually"})
POST_NEGATION = frozenset({"no", "none", "nope", "negative", "denied", "nada", "ninguno",
                            "ninguna"})  # fmt: skip
BETWEEN_NO_AND_SIGN = PRONOUNS | frozenset({
    "a", "an", "the", "my", "his", "her", "at", "all", "so", "very", "that", "too", "be", "been",
    "being", "get", "got", "look", "looking", "feel", "feeling", "take", "have", "had", "esta",
    "estan", "es", "son", "muy", "tan", "nada", "el", "la", "los", "las", "un", "una", "he", "ha",
    "tengo", "tiene",
})  # fmt: skip
DENIALS_OF_LISTS = frozenset({"denies", "denied", "deny", "niega"})
"""As nurses write: ``denies chest pain, sob, fever``."""
NOES = frozenset(
    {"not", "isnt", "arent", "wasnt", "dont", "doesnt", "didnt", "never", "no", "nunca"}
)
NOTHING = NOES - {"no"} | {
    "nothing", "nobody", "hasnt", "havent", "wont", "cant", "cannot", "couldnt", "hardly", "barely",
    "nada",
}  # fmt: skip
"""Right before words that all is well these undo them: ``nothing helps``, ``didnt help``."""
WORDS_OF_RULE = re.compile(r"[ |+?]")
MARKS_BEFORE_ANSWER = frozenset(":?=-")

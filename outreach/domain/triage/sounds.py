"""What a Spanish word sounds like: people write what they hear.

``b`` and ``v``, ``s``, ``z`` and soft ``c``, ``ll`` and ``y``, ``k``, ``qu`` and hard ``c`` sound
alike in most of America and ``h`` is silent, so ``serrando`` is ``cerrando`` and ``aogo`` is
``ahogo``: no slip of the finger, and often no shared first letter.
"""

import re

_SPELLED_AS_HEARD: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(written), heard)
    for written, heard in (
        (r"ch", "1"),
        (r"sh", "1"),
        (r"^h?u(?=[aeio])", "w"),
        (r"^gu(?=[ao])", "w"),
        (r"h", ""),
        (r"qu(?=[ei])|q|k", "c"),
        (r"c(?=[ei])|z", "s"),
        (r"x", "cs"),
        (r"g(?=[ei])", "j"),
        (r"gu(?=[ei])", "g"),
        (r"ll", "y"),
        (r"v", "b"),
        (r"m(?=[bpfv])", "n"),
        (r"(.)\1", r"\1"),
    )
)


def spanish_sound(word: str) -> str:
    """A key that words with the same sound share; ``word`` is lower case without accents."""
    for written, heard in _SPELLED_AS_HEARD:
        word = written.sub(heard, word)
    return word

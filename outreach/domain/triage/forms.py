"""The plain word behind a word with an ending. Only what the lexicon knows is taken up.

English drops a ``g``: ``droopin``. Spanish hangs pronouns on verbs (``sangrarme``, ``ahogandose``)
and makes words small or great: ``jaquequita`` is ``jaqueca``, ``durisima`` ``dura``,
``doloron`` ``dolor``.
"""

import re
from collections.abc import Iterator

_PRONOUNS = re.compile(r"^(.+(?:[aei]r|[aiy]ndo))(?:me|te|se|nos|les?|l[oa]s?){1,2}$")
_SMALL = re.compile(r"^(.+?)c?it([oa]s?)$")
_GREAT = re.compile(r"^(.+)isim([oa]s?)$")
_BIG = re.compile(r"^(.+?)(?:on(?:a|es)?|az[oa]s?|ot[ea]s?)$")
_SHORTEST_STEM = 3


def english_forms(word: str) -> Iterator[str]:
    """Words that ``word`` may be a form of; ``word`` is lower case."""
    if word.endswith("in"):
        yield word + "g"


def spanish_forms(word: str) -> Iterator[str]:
    """Words that ``word`` may be a form of; ``word`` is lower case without accents."""
    verb = _PRONOUNS.match(word)
    if verb:
        yield verb[1]
    for ending in (_SMALL, _GREAT):
        changed = ending.match(word)
        if changed and len(changed[1]) >= _SHORTEST_STEM:
            stem = changed[1]
            yield stem + changed[2]
            if stem.endswith("qu"):
                yield stem[:-2] + "c" + changed[2]
            yield stem
            yield stem + "e"
    big = _BIG.match(word)
    if big and len(big[1]) > _SHORTEST_STEM:
        yield big[1]

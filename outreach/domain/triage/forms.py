"""The plain word behind a Spanish form: pronouns hung on a verb, diminutives, superlatives.

``sangrarme`` is ``sangrar``, ``ahogandose`` ``ahogando``, ``jaquequita`` ``jaqueca``, ``durisima``
``dura``. Only what leads to a word of the lexicon is taken up.
"""

import re
from collections.abc import Iterator

_PRONOUNS = re.compile(r"^(.+(?:[aei]r|[aiy]ndo))(?:me|te|se|nos|les?|l[oa]s?){1,2}$")
_SMALL = re.compile(r"^(.+?)c?it([oa]s?)$")
_GREAT = re.compile(r"^(.+)isim([oa]s?)$")
_SHORTEST_STEM = 3


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

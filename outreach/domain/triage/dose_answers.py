"""DONE, LATE or SKIP: which of them a reply to the question about a home dose says.

In both languages, in any place of the reply, misspelt, and with what denies it: "not done yet" is
LATE and "I did not take it" is SKIP. What says two things is the one that a nurse reads.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.domain.triage.answer_words import DONE, LATE, SKIP
from outreach.domain.triage.dose_words import AREAS
from outreach.domain.triage.folding import Gap, Piece, gap_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAYS_DONE = _words(
    "done finished finish completed complete infused injected administered listo lista hecho hecha "
    "termine terminado terminada complete infundido aplicado inyectado "
    "doen dne dnoe donne donee doe0 d0ne finised finshed finsihed finishd complted completd "
    "lsito litso liisto echo hehco ehcho terminao"
)
"""Say it wherever they stand; the others of ``DONE`` only near the beginning."""
_USED = _words("puse use hice tome aplique inyecte infundi")
"""Say it in Spanish beside ``la``, ``me``, ``ya``."""
_SAYS_LATE = _words("late later delayed tarde atrasada atrasado laet ltae latee tadre trde mas")
_SAYS_LATE -= {"mas"}
_WILL_BE = _words("later luego despues")
_SAYS_SKIP = (SKIP - {"miss", "perdi"}) | _words(
    "skp sikp skiped skippd skipt skipp salto saltarme saltarla saltada saltado saltear salta skipe"
)
_WILL = _words(
    "will ill i'll gonna going about almost nearly when until voy vamos cuando casi hasta falta "
    "pronto soon"
)
"""A word for done that comes after one of these has not happened yet."""
_NOT = _words(
    "not no never didn't didnt haven't havent hasn't hasnt wasn't wasnt isn't isnt ain't aint "
    "can't cant couldn't couldnt won't wont don't dont nunca tampoco n't"
)
_BETWEEN = _words(
    "been be get got have had i me la lo le it yet even he ha sido esta is quite really all "
    "completely fully able to pude puedo pudo podido my the mi todavia aun"
)
_DOING = _words(
    "take taken took do did doing infuse use used inject dose have poner ponerme ponermela puse "
    "usar use hacer hice hecho tomar tome inyectar aplicar"
)
_YET = _words("yet todavia aun still")
_NO_TROUBLE = _words(
    "problem problems prob probs issue issues reaction reactions side effect effects pain symptom "
    "symptoms trouble swelling redness reaccion reacciones problema problemas dolor sintoma "
    "sintomas efecto efectos novedad worries"
)
"""``no`` before one of these denies that, and not the dose."""
_NEAR = 4
_LONGEST = 16
"""In a longer reply a word for done may be about anything, unless it opens the reply."""
_REPEATS = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True, slots=True)
class DoseAnswer:
    """What the reply says of the dose."""

    value: str
    """``done``, ``late`` or ``skip``."""
    plainly: bool
    """It uses a word that means this without a question too: a bare yes or no does not."""
    was_late: bool = False
    """Done, and by the patient's own word late."""


def answer_about_dose(pieces: Sequence[Piece]) -> DoseAnswer | None:
    """The answer in these words; None when they say nothing of the dose, or only ask."""
    texts = [_REPEATS.sub(r"\1", piece.text) for piece in pieces]
    if not texts or _asks(pieces, texts):
        return None
    done, refused, future = _done(pieces, texts)
    late = _places(texts, _SAYS_LATE, LATE, pieces)
    skip = _places(texts, _SAYS_SKIP, SKIP, pieces)
    skip = [place for place in skip if not _denied(pieces, texts, place)]
    if skip:
        return DoseAnswer("skip", any(texts[place] in _SAYS_SKIP for place in skip))
    if done and not any(texts[place] in _WILL_BE for place in late):
        plainly = any(texts[place] in _SAYS_DONE | _USED for place in done)
        return DoseAnswer("done", plainly, was_late=bool(late))
    if late or future:
        return DoseAnswer("late", any(texts[place] in _SAYS_LATE for place in late))
    if refused:
        return DoseAnswer("late" if _YET & set(texts) else "skip", plainly=False)
    return _bare_no(texts)


def _bare_no(texts: list[str]) -> DoseAnswer | None:
    if _YET & set(texts[:_NEAR]) and _NOT & set(texts[:_NEAR]):
        return DoseAnswer("late", plainly=False)
    if texts[0] not in {"no", "not", "n"}:
        return None
    about = set(texts[1:3])
    return None if about & _NO_TROUBLE else DoseAnswer("skip", plainly=False)


def _asks(pieces: Sequence[Piece], texts: list[str]) -> bool:
    """A question is no answer, unless its sentence comes after one that opens with the word."""
    asks = [place for place, piece in enumerate(pieces) if "?" in piece.after]
    if not asks:
        return False
    opens = texts[0] in _SAYS_DONE | _SAYS_LATE | _SAYS_SKIP
    return not opens or (asks[0] == 0 and len(texts) > 1)


def _done(pieces: Sequence[Piece], texts: list[str]) -> tuple[list[int], bool, bool]:
    """Where it says done, whether it denies it, and whether it only says that it will be."""
    places = _places(texts, _SAYS_DONE, DONE, pieces)
    places += [place for place, word in enumerate(texts) if word in _USED and _beside(texts, place)]
    refused = any(
        _denied(pieces, texts, place)
        for place, word in enumerate(texts)
        if word in _DOING or place in places
    )
    standing = [place for place in places if not _denied(pieces, texts, place)]
    standing = [place for place in standing if texts[place + 1 : place + 2] != ["not"]]
    now = [place for place in standing if not _WILL & set(texts[max(0, place - _NEAR) : place])]
    if now and _WILL & set(texts[:_NEAR]) and all(texts[p] not in _SAYS_DONE for p in now):
        now = []  # "ya voy"
    return now, refused and not now, bool(standing) and not now


def _beside(texts: list[str], place: int) -> bool:
    return bool({"la", "lo", "me", "ya"} & set(texts[max(0, place - 2) : place]))


def _places(
    texts: list[str], plain: frozenset[str], near: frozenset[str], pieces: Sequence[Piece]
) -> list[int]:
    """Where one of these words stands: plain ones anywhere in a reply of usual length, the others
    near its beginning. A letter before a part of the body is a side of it."""
    anywhere = len(texts) <= _LONGEST
    found = []
    for place, word in enumerate(texts):
        side = len(word) == 1 and texts[place + 1 : place + 2] and texts[place + 1] in AREAS
        if side or ("?" in pieces[place].after and place):
            continue
        if (word in plain and (anywhere or place < _NEAR)) or (word in near and place < _NEAR):
            found.append(place)
    return found


def _denied(pieces: Sequence[Piece], texts: list[str], place: int) -> bool:
    """Whether a word is denied: by one right before it, with nothing but small words between."""
    for before in range(place - 1, max(-1, place - 5), -1):
        if gap_of(pieces[before].after) is not Gap.SPACE:
            return False
        if texts[before] in _NOT:
            return True
        if texts[before] not in _BETWEEN:
            return False
    return False

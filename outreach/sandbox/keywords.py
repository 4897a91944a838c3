"""The words a carrier understands by itself on a long code: one word, alone, in any case."""

from enum import StrEnum


class Keyword(StrEnum):
    """What the carrier does."""

    STOP = "stop"
    START = "start"
    HELP = "help"


_WORDS: dict[str, Keyword] = {
    **dict.fromkeys(
        ("stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"),
        Keyword.STOP,
    ),
    **dict.fromkeys(("start", "yes", "unstop"), Keyword.START),
    **dict.fromkeys(("help", "info"), Keyword.HELP),
}

ANSWERS: dict[Keyword, str] = {
    Keyword.STOP: "You will get no more texts from this number. Text START to get them again.",
    Keyword.START: "Texts from this number are on again. Text HELP for help, STOP to end them.",
    Keyword.HELP: "Text STOP and this number will not text you again.",
}


def keyword_in(text: str) -> Keyword | None:
    """The keyword a text consists of; None for anything longer, such as ``stop please``."""
    return _WORDS.get(text.strip().casefold())

"""How a list to choose from reads in a message: ``1 headache, 2 fever``."""

from collections.abc import Mapping, Sequence


def numbered(choices: Sequence[Mapping[str, str]], language: str) -> str:
    """The choices with their numbers from 1, in a language; in any they have where not in that."""
    words = (choice.get(language) or next(iter(choice.values())) for choice in choices)
    return ", ".join(f"{number} {word}" for number, word in enumerate(words, start=1))

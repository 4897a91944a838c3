"""Of thousands of phrases only those are tried whose rare words are all in the reply."""

from collections import Counter

import pytest

from outreach.domain.triage.phrases import Anchors, anchors, compile_phrase

GROUPS = {"pain": ["pain", "killing me"]}
USE = Counter({"chest": 3, "pain": 9, "killing": 4, "me": 50, "my": 60, "leg": 5, "calf": 1})


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("chest .. <pain>", Anchors(("chest",), frozenset({"pain", "killing"}))),
        ("leg|calf ~ <pain>", Anchors(("leg", "calf"), frozenset({"pain", "killing"}))),
        ("chest my? pain", Anchors(("chest",), frozenset({"pain"}))),  # one that may be missing
        ("calf", Anchors(("calf",), frozenset())),
    ],
)
def test_the_two_rarest_places_are_asked_for(phrase: str, expected: Anchors) -> None:
    assert anchors(compile_phrase(phrase, GROUPS), USE) == expected

"""What must hold for any reply: nothing harmless turns urgent into not urgent."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.configuration.triage_files import load_engine
from outreach.domain.triage.result import Prompt
from tests.labelled_replies import labelled_replies

ENGINE = load_engine(Path(__file__).parents[3] / "config" / "triage")
REPLIES = labelled_replies()
URGENT = [reply["text"] for reply in REPLIES if ENGINE.triage(reply["text"]).urgent]
HARMLESS = [
    "ok", "thanks", "thank you so much", "see you tomorrow", "lol", "hello there", "gracias",
    "buenos dias", "nos vemos", "feeling fine otherwise", "no fever", "sin fiebre", "please advise",
    "sent from my phone", "what do you think?", "que opina?", "👍", "2", "the weather is nice",
]  # fmt: skip
ACCENTED = str.maketrans({"a": "á", "e": "é", "i": "í", "o": "ó", "u": "ú", "n": "ñ"})


@given(
    st.sampled_from(URGENT), st.sampled_from(HARMLESS), st.sampled_from([". ", "! ", "\n", "; "])
)
def test_harmless_text_behind_it_changes_nothing(urgent: str, harmless: str, between: str) -> None:
    assert ENGINE.triage(urgent + between + harmless).urgent


@given(
    st.sampled_from(URGENT),
    st.sampled_from([" ", ", ", " - ", " 😊 ", "... "]),
    st.sampled_from(
        ["ok", "thanks", "lol", "gracias", "please call me", "see you at 3", "👍", "🙏"]
    ),
)
def test_harmless_words_in_the_same_sentence_change_nothing(
    urgent: str, between: str, harmless: str
) -> None:
    assert ENGINE.triage(urgent + between + harmless).urgent


@given(
    st.sampled_from(URGENT),
    st.sampled_from(["hi ", "ok but ", "DONE but ", "no fever but ", "sin fiebre pero ", "lol "]),
)
def test_harmless_words_in_the_same_sentence_before_it_change_nothing(
    urgent: str, before: str
) -> None:
    assert ENGINE.triage(before + urgent).urgent


@pytest.mark.parametrize(
    "urgent",
    [
        "My jaw after the visit, all twisted and stiff",
        "Constant nosebleeds, the last one would not quit for two hours",
    ],
)
@pytest.mark.parametrize("polite", ["{}, ok", "{}, thanks", "hello, {}", "hola, {}, gracias"])
def test_a_polite_word_with_a_comma_makes_no_list(urgent: str, polite: str) -> None:
    assert ENGINE.triage(polite.format(urgent)).urgent


@given(
    st.sampled_from(URGENT),
    st.sampled_from(["Hi. ", "ok thanks. ", "Buenas! ", "no fever. ", "👋 "]),
)
def test_harmless_text_before_it_changes_nothing(urgent: str, before: str) -> None:
    assert ENGINE.triage(before + urgent).urgent


@given(st.sampled_from(URGENT), st.integers(min_value=0))
def test_case_changes_nothing(urgent: str, ups: int) -> None:
    mixed = "".join(
        c.upper() if ups >> (place % 32) & 1 else c.lower() for place, c in enumerate(urgent)
    )
    assert ENGINE.triage(mixed).urgent
    assert ENGINE.triage(urgent.upper()).urgent


@given(st.sampled_from(URGENT))
def test_accents_change_nothing(urgent: str) -> None:
    assert ENGINE.triage(urgent.lower().translate(ACCENTED)).urgent


@given(
    st.sampled_from(URGENT),
    st.sampled_from(["!", "!!!", ".", "...", "?", "??", " :(", " 😭", ",", " -"]),
)
def test_punctuation_behind_it_changes_nothing(urgent: str, mark: str) -> None:
    assert ENGINE.triage(urgent + mark).urgent


@given(
    st.sampled_from(URGENT), st.sampled_from(["“{}”", "({})", "*{}*", "¡{}!", "  {}\n", "\u200b{}"])
)
def test_marks_around_it_change_nothing(urgent: str, marks: str) -> None:
    assert ENGINE.triage(marks.format(urgent)).urgent


@given(st.sampled_from(URGENT), st.sampled_from([None, "en", "es", "fr", "es-US"]))
def test_the_language_on_record_changes_nothing(urgent: str, language: str | None) -> None:
    assert ENGINE.triage(urgent, language).urgent


@given(st.sampled_from(URGENT), st.sampled_from([None, *Prompt]))
def test_the_open_question_changes_nothing(urgent: str, prompt: Prompt | None) -> None:
    assert ENGINE.triage(urgent, prompt=prompt).urgent


@given(st.sampled_from(URGENT), st.integers(min_value=2, max_value=4))
def test_wide_spaces_change_nothing(urgent: str, width: int) -> None:
    assert ENGINE.triage(urgent.replace(" ", " " * width)).urgent


@given(st.text(max_size=400), st.sampled_from([None, *Prompt]))
@settings(max_examples=300)
def test_any_text_gets_the_same_decision_twice(text: str, prompt: Prompt | None) -> None:
    assert ENGINE.triage(text, prompt=prompt) == ENGINE.triage(text, prompt=prompt)


WORDS = st.sampled_from(
    [
        *sorted({word for reply in REPLIES for word in reply["text"].split()}),
        "38,5,2",
        "٣",
        "1/0",
        "²",
        "o",
    ]
)


@given(st.lists(WORDS, max_size=40), st.sampled_from([None, *Prompt]))
@settings(max_examples=300)
def test_any_mix_of_known_words_has_a_decision(words: list[str], prompt: Prompt | None) -> None:
    result = ENGINE.triage(" ".join(words), prompt=prompt)
    assert result.urgent == (result.label == "urgent")
    assert not result.urgent or result.staff
    assert all(0 <= f.start < f.end <= len(" ".join(words)) for f in result.findings)

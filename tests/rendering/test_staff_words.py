"""A person's own words, read by the copy rules: most faults warn, few refuse."""

import pytest

from outreach.bootstrap import build_copy_rules
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Measured
from outreach.rendering.staff_words import StaffWords
from tests.worlds import CONFIG, clinic, templates

CLINIC = {"name": "Cedar Grove Clinic", "phone": "202-555-0100"}


def checked(words: str, language: str = "en", channel: ChannelKind = ChannelKind.SMS) -> Measured:
    wording = StaffWords(templates(), lambda: build_copy_rules(CONFIG, clinic()))
    return wording.check(words, language, channel, CLINIC)


def test_a_plain_answer_has_no_fault() -> None:
    found = checked("Yes, 10 suits us. See you then.")
    assert (found.encoding, found.segments, found.faults) == ("GSM-7", 1, ())
    assert found.text == "Cedar Grove Clinic 202-555-0100: Yes, 10 suits us. See you then."


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("Your IVIG came", True),
        ("Is it dermatomyositis", True),
        ("Take one benadryl", True),
        ("Take 500 mg", True),
        ("La inmunoglobulina llego", False),
        ("After your infusion", False),
        ("Reply STOP when you are well", True),
        ("Text END when it is over", True),
        ("Reply YES or C", False),
        ("See tinyurl.com/abc", False),
        ("Drink much water", False),
        ("ok 😀", False),
        ("no. " * 100, False),
        ("no. " * 400, True),
    ],
)
def test_what_must_never_stand_on_a_phone_is_refused_and_the_rest_warned_of(
    words: str, refused: bool
) -> None:
    faults = checked(words).faults
    assert faults
    assert any(fault.refused for fault in faults) is refused


def test_the_words_of_every_language_of_the_clinic_are_looked_for() -> None:
    assert [fault.rule for fault in checked("Tiene miositis", "en").faults] == ["forbidden_word"]
    assert [fault.rule for fault in checked("You have myositis", "es").faults] == ["forbidden_word"]


def test_an_email_warns_and_refuses_nothing() -> None:
    found = checked("Your IVIG came", channel=ChannelKind.EMAIL)
    assert [fault.refused for fault in found.faults] == [False]
    assert (found.encoding, found.segments) == ("", 0)


def test_the_words_are_never_read_as_a_template() -> None:
    assert "{{ clinic.phone }}" in checked("Call {{ clinic.phone }}").text


def test_the_reading_grade_counts_where_there_is_enough_to_read() -> None:
    assert checked("Hello.").faults == ()
    long = "Notwithstanding administrative considerations, the responsible physician " * 2
    assert "hard_to_read" in [fault.rule for fault in checked(long).faults]

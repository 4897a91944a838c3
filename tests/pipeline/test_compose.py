"""Compose: the facts as they are at the last moment, in the patient's language."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.states import ChannelKind
from tests.pipeline.rows import VISIT, kinds, message
from tests.worlds import PHONE, START, Bench

DAY = timedelta(days=1)


def only_text(bench: Bench) -> str:
    (text,) = bench.sms.texts_to(PHONE)
    return text


def test_a_text_names_the_clinic_the_patient_and_the_local_time(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    text = only_text(bench)
    assert text.startswith("Cedar Grove Clinic")
    assert "Robin" in text
    assert "10:00 AM" in text


def test_the_patients_language_is_spoken(bench: Bench) -> None:
    bench.book(VISIT, patient_={"language": "es"})
    bench.to(VISIT - 7 * DAY)
    assert "visita" in only_text(bench)
    assert message(bench, "d7").language == "es"


def test_a_language_nobody_wrote_falls_back_to_the_clinics_own(bench: Bench) -> None:
    bench.book(VISIT, patient_={"language": "vi"})
    bench.says("HELP ME PLEASE call me")  # nothing but an answer goes to this patient
    bench.run()
    assert "We see texts in office hours only" in only_text(bench)


def test_the_hour_is_that_of_the_site(bench: Bench) -> None:
    bench.book(VISIT, location="lakeside")
    bench.to(VISIT - 7 * DAY)
    assert "9:00 AM" in only_text(bench)


def test_what_was_said_is_kept_with_the_version_of_its_template(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    row = message(bench, "d7")
    assert row.body == only_text(bench)
    assert row.template_version
    assert row.segments is not None
    assert row.segments >= 1


def test_a_template_that_is_missing_fails_alone_and_tells_the_operator(bench: Bench) -> None:
    bench.book(VISIT)
    bench.book(VISIT, patient="P2", visit="A2", phone="+12025550124", first_visit=True)
    steps = bench.world.renderer

    class Renderer:
        """The real one, but for one message that somebody deleted."""

        def languages(self, name: str) -> frozenset[str]:
            return steps.languages(name)

        def offers(self, name: str, language: str, channel: ChannelKind) -> bool:
            return steps.offers(name, language, channel)

        def render(self, name, language, channel, context):  # type: ignore[no-untyped-def]
            wanted = "no_such_message" if name == "prep_7d" else name
            return steps.render(wanted, language, channel, context)

    broken = replace(bench, world=replace(bench.world, renderer=Renderer()))
    broken.to(VISIT - 7 * DAY)
    assert broken.outcomes("P1")["d7"] == "failed"
    assert broken.outcomes("P2")["d7"] == "sent"
    assert sorted(kinds(broken)) == ["call_patient", "operator"]


@pytest.mark.parametrize(("language", "length"), [("en", "Plan for about"), ("es", "Dura ")])
def test_a_visit_whose_end_is_not_known_is_not_said_to_last_an_hour(
    bench: Bench, language: str, length: str
) -> None:
    bench.book(
        START + timedelta(days=7),
        patient_={"email": "robin@example.org", "language": language},
        end=None,
    )
    bench.run()
    said = [bench.sms.sent[0].text, bench.email.sent[0].text, bench.email.sent[0].html]
    assert not [text for text in said if length in text]

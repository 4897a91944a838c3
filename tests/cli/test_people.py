"""Whom staff let be written to, and how a patient's story tells to whom each text went."""

from datetime import timedelta
from typing import Any

from tests.cli.conftest import Outreach
from tests.worlds import PHONE, START, Bench

VISIT = START + timedelta(days=14)
MOTHER = "+12025550140"
PARENT = {"value": MOTHER, "role": "parent"}


def test_staff_record_a_permission_and_take_it_back(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT, phone=None, patient_={"birth_date": "1980-05-05", "phones": [PARENT]})
    words = ("mrn|P1", "(202) 555-0140", "--by", "Dana")
    said = outreach("consent", "permit", *words)
    assert (said.code, said.out) == (0, "Recorded: messages about this patient may go there.\n")
    bench.to(VISIT - timedelta(days=6))
    assert len(bench.sms.texts_to(MOTHER)) == 1
    said = outreach("consent", "withdraw", *words)
    assert (said.code, said.out) == (0, "Recorded: nothing about this patient goes there.\n")
    bench.to(VISIT - timedelta(days=2))
    assert len(bench.sms.texts_to(MOTHER)) == 1
    rows = outreach("explain", "P1", "--json").rows[0]["story"]
    assert [row["granted"] for row in rows if row["kind"] == "permission"] == [True, False]


def test_a_new_address_needs_a_word_whose_it_is(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT, patient_={"birth_date": "1980-05-05"})
    words = ("consent", "permit", "P1", "daughter@mail.example", "--by", "Dana")
    refused = outreach(*words)
    assert (refused.code, "--role" in refused.err) == (1, True)
    assert "daughter" not in refused.err
    assert outreach(*words, "--role", "caregiver").code == 0
    contacts = about(outreach)["contacts"]
    assert [(one["channel"], one["role"], one["used"]) for one in contacts] == [
        ("sms", "self", True),
        ("email", "caregiver", True),
    ]
    own = outreach("consent", "permit", "P1", PHONE, "--by", "Dana")
    assert (own.code, "needs no permission" in own.err) == (1, True)


def about(outreach: Outreach) -> dict[str, Any]:
    found: dict[str, Any] = outreach("explain", "mrn|P1", "--json").rows[0]["patient"]
    return found


def test_the_story_tells_to_whom_a_text_went_and_why(bench: Bench, outreach: Outreach) -> None:
    phones = [{"value": PHONE}, PARENT]
    bench.book(VISIT, phone=None, patient_={"birth_date": "2015-05-05", "phones": phones})
    bench.to(VISIT - timedelta(days=6))
    told = outreach("explain", "mrn|P1").out.replace("\n", " ")
    assert "To the patient's parent: the patient is a minor (45 CFR 164.502(g)(3))." in told
    assert "Phone of the patient's parent: is used, because the patient is a minor" in told
    assert "Phone of the patient: is not used (policy.yaml people)." in told
    assert "0140" not in told
    assert "0123" not in told


def test_the_story_says_that_a_phone_is_shared(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(VISIT, patient="P2", visit="A2")
    (phone,) = about(outreach)["contacts"]
    assert phone["sentence"].endswith("Several patients share it, so texts there name nobody.")


def test_what_came_from_a_shared_phone_stands_in_the_story_of_both(
    bench: Bench, outreach: Outreach
) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(VISIT, patient="P2", visit="A2")
    bench.says("chest pain and I cannot breathe")
    for name in ("mrn|P1", "mrn|P2"):
        rows = outreach("explain", name, "--json").rows[0]["story"]
        said = [row["sentence"] for row in rows if row["kind"] == "reply"]
        assert said == ["Somebody at a shared phone wrote: urgent, action call 911."]
        assert [row["matter"] for row in rows if row["kind"] == "followup"] == ["red_flag"]

"""Automatic replies: machines are known by how they speak, and people are not taken for them."""

import json
from pathlib import Path

import pytest

from outreach.domain.triage.automatic import looks_automatic, says_automatic


@pytest.mark.parametrize(
    "text",
    [
        "Auto-reply: I am away",
        "[Auto-Reply] back on Monday",
        "I'm driving with Do Not Disturb While Driving turned on. I'll see your message later.",
        "I am currently out of the office until 3/9",
        "Respuesta automática: estoy de viaje",
        "Automatic reply: thanks",
        "Sorry. This number is not monitored.",
        "Undeliverable: your mail",
    ],
)
def test_a_machine_is_known(text: str) -> None:
    assert looks_automatic(text)


@pytest.mark.parametrize(
    "text",
    ["I am out of breath", "I'm away from home and my chest hurts", "driving to the ER now", ""],
)
def test_a_person_is_no_machine(text: str) -> None:
    assert not looks_automatic(text)


def test_no_reply_of_a_patient_in_our_collection_is_taken_for_a_machines() -> None:
    lines = (Path(__file__).parent / "replies.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert [text for text in texts if looks_automatic(text)] == []


@pytest.mark.parametrize(
    ("headers", "envelope", "automatic"),
    [
        ({"auto-submitted": "auto-replied"}, "a@b.example", True),
        ({"auto-submitted": "auto-generated; x=y"}, "a@b.example", True),
        ({"auto-submitted": "no"}, "a@b.example", False),
        ({"precedence": "Bulk"}, "a@b.example", True),
        ({"list-id": "<news>"}, "a@b.example", True),
        ({}, "", True),
        ({}, "MAILER-DAEMON@mx.example", True),
        ({}, None, False),
        ({"subject": "auto-submitted"}, "a@b.example", False),
    ],
)
def test_a_mail_says_itself_that_a_machine_wrote_it(
    headers: dict[str, str], envelope: str | None, automatic: bool
) -> None:
    assert says_automatic(headers, envelope) is automatic

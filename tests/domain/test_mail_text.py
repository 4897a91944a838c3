"""Mail text: what the sender wrote, without what they answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.mail_text import LONGEST, text_of_html, written

GMAIL = "I feel dizzy\n\nOn Mon, Mar 1, 2027 at 9:00 AM CG <a@b.example> wrote:\n\n> Call 911"
WRAPPED = (
    "Duele mucho\n\nEl lun, 1 mar 2027 a las 9:00, Cedar Grove\n(<a@b.example>) escribió:\n> hola"
)
OUTLOOK = "Yes please\n\n____________\nFrom: Cedar\nSent: Monday\nSubject: Visit\n\nCall 911"
HEAD = "Gracias\n\nDe: Cedar Grove\nEnviado: lunes\nPara: Robin\nAsunto: Visita\n\nLlame al 911"
BELOW = "> How do you feel?\n\nMy chest hurts"
ORIGINAL = "ok\n-----Original Message-----\nchest pain? call 911"


@pytest.mark.parametrize(
    ("mail", "says"),
    [
        (GMAIL, "I feel dizzy"),
        (WRAPPED, "Duele mucho"),
        (OUTLOOK, "Yes please"),
        (HEAD, "Gracias"),
        (BELOW, "My chest hurts"),
        (ORIGINAL, "ok"),
        ("hello\n\nSent from my iPhone", "hello"),
        ("hello\n-- \nRobin Testcase\n555", "hello"),
        ("> was\n-- \n> sign\nchest pain", "chest pain"),
        ("From: my doctor I heard that", "From: my doctor I heard that"),
        ("On Monday I wrote: a letter", "On Monday I wrote: a letter"),
        ("a\r\nb", "a\nb"),
        ("> all quoted", ""),
    ],
)
def test_what_is_quoted_is_cut_and_what_is_written_stays(mail: str, says: str) -> None:
    assert written(mail) == says


@given(st.text(max_size=300))
def test_words_above_a_quotation_are_never_cut(quoted: str) -> None:
    body = "\n".join(f"> {line}" for line in quoted.splitlines())
    assert written(f"my chest hurts\n\nOn Mon, Mar 1 A <a@b.c> wrote:\n{body}") == "my chest hurts"


@given(st.text())
def test_anything_can_be_read(text: str) -> None:
    assert len(written(text)) <= LONGEST
    text_of_html(text)


def test_a_quotation_is_read_fast_however_long() -> None:
    assert written("On " * 50_000) == ("On " * 50_000).strip()[:LONGEST]


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ("<p>I feel <b>dizzy</b></p><blockquote>Call 911</blockquote>", "I feel dizzy"),
        ("<div>Hi</div><div class='gmail_quote'>old<div>x</div></div><p>below</p>", "Hi\n\nbelow"),
        ("<style>p{}</style><script>alert(1)</script>a &amp; b<br>c", "a & b\nc"),
        ("<blockquote><p>never closed", ""),
        ("</div></p>loose", "loose"),
    ],
)
def test_the_text_of_html_is_what_is_seen(html: str, says: str) -> None:
    assert text_of_html(html) == says

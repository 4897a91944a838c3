"""Closing a site for a day at a terminal."""

import pytest

from tests.cli.conftest import Outreach
from tests.pipeline.rows import VISIT
from tests.worlds import PHONE, Bench

WHERE = ("cedar_grove", "2027-03-10")


def test_a_day_is_closed_once_and_its_status_is_shown(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT)
    bench.book(VISIT, visit="A2", patient="P2", phone=None)
    closing = ("closure", *WHERE, "--by", "Dana", "--reason", "burst pipe")
    first = outreach(*closing, "--json")
    assert first.rows == [
        {
            "site": "cedar_grove",
            "date": "2027-03-10",
            "new": True,
            "stopped": 8,
            "patients": 2,
            "calls": 0,
        }
    ]
    assert outreach(*closing, "--json").rows[0]["new"] is False
    assert "nothing new" in outreach(*closing).out

    bench.run()
    said = bench.sms.texts_to(PHONE)
    about, *visits = outreach("closure", "status", *WHERE, "--json").rows
    assert about["outcomes"] == {"not_reached": 1, "told": 1}
    assert (about["by"], about["reason"], about["visits"]) == ("Dana", "burst pipe", 2)
    assert {visit["ids"][0]["value"]: visit["outcome"] for visit in visits} == {
        "P1": "told",
        "P2": "not_reached",
    }
    assert len(said) == 1
    shown = outreach("closure", "status", "CG", "2027-03-10").out
    assert "mrn|P1" in shown
    assert "not reached" in shown
    assert PHONE not in shown
    assert "Testcase" not in shown


def test_explain_shows_what_was_said_of_the_closed_day(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT)
    outreach("closure", *WHERE, "--by", "Dana")
    told = outreach("explain", PHONE).out
    assert "the closed day of the visit of Wed 10 Mar 2027" in told
    assert "The site is closed that day." in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere", "2027-03-10", "--by", "D"), "cedar_grove, lakeside"),
        (("", "2027-03-10", "--by", "D"), "cedar_grove, lakeside"),
        (("lakeside", "tomorrow", "--by", "D"), "2027-03-10"),
        (("lakeside", "2027-02-10", "--by", "D"), "is over at Lakeside"),
        (("lakeside", "2027-03-10"), "--by"),
        (("lakeside", "2027-03-10", "--by", " "), "--by"),
        (("lakeside", "--by", "D"), "SITE DATE"),
        (("status", "lakeside", "2027-03-10"), "No closure"),
    ],
)
def test_what_cannot_be_closed_is_said_in_one_line(
    bench: Bench, outreach: Outreach, words: tuple[str, ...], told: str
) -> None:
    said = outreach("closure", *words)
    assert said.code != 0
    assert told in said.err
    assert said.out == ""

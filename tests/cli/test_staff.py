"""What staff do at a terminal: take and close work, launch and stop campaigns."""

import re
from datetime import timedelta

from outreach.domain.events import Identifier
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from tests.cli.conftest import Outreach
from tests.worlds import START, Bench

HOURS = ("--template", "campaign_hours", "--by", "Dana")


def red_flag(bench: Bench) -> None:
    bench.book(START + timedelta(days=14))
    bench.says("chest pain and I cannot breathe")


def test_the_worklist_shows_what_waits_and_who_took_it(bench: Bench, outreach: Outreach) -> None:
    assert outreach("followups").out == "Nothing waits.\n"
    red_flag(bench)
    (item,) = outreach("followups", "--json").rows
    assert (item["priority"], item["status"]) == ("urgent", "open")
    assert item["due"].endswith("-05:00")
    assert item["code"] in outreach("followups").out

    assert outreach("followups", "ack", item["code"].lower(), "--by", "Dana").code == 0
    (taken,) = outreach("followups", "--json").rows
    assert (taken["status"], taken["assignee"]) == ("acknowledged", "Dana")

    words = ("followups", "close", item["code"], "--by", "Dana", "--outcome", "Reached by phone")
    assert outreach(*words).code == 0
    assert outreach("followups", "--json").rows == []
    assert [row["status"] for row in outreach("followups", "--all", "--json").rows] == ["closed"]
    again = outreach(*words)
    assert (again.code, again.err) == (1, "outreach: This follow-up is closed already.\n")


def test_a_nurse_lets_a_held_visit_go(bench: Bench, outreach: Outreach) -> None:
    bench.book(START + timedelta(days=9))
    with bench.world.db.write() as unit:
        (found,) = unit.people.named_by([Identifier("mrn", "P1")])
        (visit,) = unit.visits.appointments_of(found.id)
        visit.held = True
        followup.open_item(
            unit,
            bench.world,
            followup.NewItem(
                reason_key=f"visit:{visit.id.hex}:hold",
                kind="hold_review",
                action=Action.SAME_DAY,
                summary="A problem.",
                patient_id=found.id,
                appointment_id=visit.id,
            ),
        )
    (item,) = outreach("followups", "--json").rows
    assert item["kind"] == "hold_review"
    words = ("followups", "close", item["code"], "--by", "Dana", "--outcome")
    said = outreach(*words, "Called her")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "go or hold" in said.err
    assert outreach(*words, "go").code == 0
    with bench.world.db.read() as unit:
        (visit,) = unit.visits.appointments_of(found.id)
    assert not visit.held


def test_an_unknown_code_says_where_codes_are(bench: Bench, outreach: Outreach) -> None:
    said = outreach("followups", "ack", "ZZZZZ", "--by", "Dana")
    assert said.code == 1
    assert "outreach followups" in said.err


def fields(outreach: Outreach) -> list[str]:
    """What the message leaves open, as the command itself asks for it."""
    given: list[str] = []
    while True:
        said = outreach("campaign", "launch", "Hours", *HOURS, "--token", "t0", *given)
        wanted = re.search(r"give --field (\w+)=", said.err)
        if wanted is None:
            return given
        given += ["--field", f"{wanted[1]}=Friday"]


def test_a_campaign_is_launched_once_and_can_be_stopped(bench: Bench, outreach: Outreach) -> None:
    bench.book(START + timedelta(days=14))
    given = fields(outreach)
    assert given
    first = outreach("campaign", "launch", "Hours", *HOURS, "--token", "t1", *given, "--json")
    again = outreach("campaign", "launch", "Hours", *HOURS, "--token", "t1", *given, "--json")
    assert (first.rows[0]["audience"], first.rows[0]["new"]) == (1, True)
    assert (again.rows[0]["id"], again.rows[0]["new"]) == (first.rows[0]["id"], False)

    status = outreach("campaign", "status", "t1", "--json").rows[0]
    assert (status["audience"], status["progress"]) == (1, {"planned": 1})
    assert outreach("campaign", "cancel", "t1").out.startswith("Cancelled; 1 ")
    assert "cancelled" in outreach("campaign", "status", "t1").out
    assert {row["token"] for row in outreach("campaign", "list", "--json").rows} == {"t0", "t1"}


def test_a_misspelt_filter_never_sends_to_nobody_in_silence(
    bench: Bench, outreach: Outreach
) -> None:
    given = fields(outreach)
    for wrong in (
        ("--service", "infusoin"),
        ("--language", "xx"),
        ("--field", "nonsense=1"),
        ("--template", "campaign_nonsense"),
    ):
        said = outreach("campaign", "launch", "Hours", *HOURS, "--token", "t2", *given, *wrong)
        assert (said.code, said.err.count("\n")) == (1, 1)
    assert outreach("campaign", "status", "t2").code == 1
    assert outreach("campaign", "cancel", "t2").code == 1


AUTHORISE = ("consent", "authorise", "+12025550123", "--by", "Dana", "--words", "Form 7, signed")


def test_an_authorisation_for_marketing_is_recorded_and_shown(
    bench: Bench, outreach: Outreach
) -> None:
    said = outreach(*AUTHORISE, "--ends", "2027-12-31")
    assert (said.code, said.out) == (0, "Recorded: marketing may go there until 2027-12-31.\n")
    shown = outreach("consent", "show", "+12025550123").out
    assert "marketing" in shown
    assert "2028-01-01" in shown  # midnight after its last day
    assert outreach(*AUTHORISE).out == "Recorded: marketing may go there.\n"


def test_what_is_no_authorisation_is_refused(bench: Bench, outreach: Outreach) -> None:
    wish = ("consent", "opt-in", "+12025550123", "--by", "Dana", "--scope", "marketing")
    assert "outreach consent authorise" in outreach(*wish).err
    assert outreach(*AUTHORISE, "--ends", "tomorrow").code == 2
    assert "has ended" in outreach(*AUTHORISE, "--ends", "2026-12-31").err
    outreach("consent", "opt-out", "+12025550123", "--by", "Dana")
    assert "asked us to stop" in outreach(*AUTHORISE).err
    assert "marketing" not in outreach("consent", "show", "+12025550123").out


def test_a_campaign_is_for_outreach_alone(bench: Bench, outreach: Outreach) -> None:
    for wrong in ("care", "reply", "nonsense"):
        given = ("--field", "when=Friday", "--field", "hours=8-12", "--purpose", wrong)
        said = outreach("campaign", "launch", "Hours", *HOURS, "--token", "t", *given)
        assert said.code != 0
    assert outreach("campaign", "list", "--json").rows == []

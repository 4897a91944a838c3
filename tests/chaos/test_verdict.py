"""The verdict notices what must never be: a drill that cannot fail would prove nothing."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from outreach.domain.states import ChannelKind, MessageStatus, Purpose
from tests.chaos.scene import Accepted, Our, Scene, Text
from tests.chaos.traffic import Books, Fed, Says, Written
from tests.chaos.verdict import violations

PHONE, NURSE = "+12025550123", "+12025550199"
CARE, ANSWER, PAGE, REPLY = (uuid4() for _ in range(4))


def text(id_: UUID, purpose: Purpose, status: MessageStatus = MessageStatus.DELIVERED) -> Text:
    return Text(id_, ChannelKind.SMS, purpose, status, f"SM{id_.hex}", ready=False)


def taken(id_: UUID, to: str, body: str) -> Accepted:
    return Accepted(f"SM{id_.hex}", "sms", to, body, "delivered", id_)


def scene() -> Scene:
    """A visit was booked, its text went, the patient answered with a red flag, all was done."""
    answer = replace(text(ANSWER, Purpose.REPLY), reply_id=REPLY)
    return Scene(
        Books(
            [Fed(PHONE, {}, 0.0, arrival="a1")],
            [Written("SMin", PHONE, Says.RED_FLAG)],
        ),
        [
            taken(CARE, PHONE, "Your visit is tomorrow."),
            taken(ANSWER, PHONE, "Call 911."),
            taken(PAGE, NURSE, "Item K7QF waits."),
        ],
        Our(
            texts=[text(CARE, Purpose.CARE), answer, text(PAGE, Purpose.STAFF)],
            events=frozenset({"a1"}),
            replies={"SMin": (REPLY, True)},
            urgent={REPLY: ["K7QF"]},
        ),
    )


def ours(**changes: object) -> Callable[[Scene], Scene]:
    return lambda it: replace(it, our=replace(it.our, **changes))  # type: ignore[arg-type]


def with_text(place: int, **changes: object) -> Callable[[Scene], Scene]:
    def changed(it: Scene) -> Scene:
        texts = list(it.our.texts)
        texts[place] = replace(texts[place], **changes)  # type: ignore[arg-type]
        return replace(it, our=replace(it.our, texts=texts))

    return changed


def without(place: int) -> Callable[[Scene], Scene]:
    return lambda it: replace(
        it, accepted=[one for number, one in enumerate(it.accepted) if number != place]
    )


def again(place: int, **changes: object) -> Callable[[Scene], Scene]:
    return lambda it: replace(
        it,
        accepted=[*it.accepted, replace(it.accepted[place], **changes)],  # type: ignore[arg-type]
    )


WRONGS: list[tuple[str, Callable[[Scene], Scene]]] = [
    ("doubled", again(0, sid="SMother", body="Your visit is today.")),
    ("said twice", again(0, sid="SMother", message_id=None)),
    ("unknown to us", again(0, sid="SMother", message_id=uuid4(), body="Who is this?")),
    ("imagined", without(0)),
    ("denied", with_text(0, status=MessageStatus.SKIPPED)),
    ("denied", with_text(0, status=MessageStatus.FAILED)),
    ("unheard", with_text(0, status=MessageStatus.ACCEPTED)),
    ("unheard", with_text(0, status=MessageStatus.SENT)),
    ("left open", with_text(0, status=MessageStatus.UNKNOWN)),
    ("left open", with_text(0, status=MessageStatus.CLAIMED)),
    ("left open", with_text(0, status=MessageStatus.QUEUED, ready=True)),
    ("left open", ours(overdue=[uuid4()])),
    ("lost event", ours(events=frozenset())),
    ("lost event", ours(unsettled_events=["a1"])),
    ("lost reply", ours(replies={})),
    ("lost reply", ours(replies={"SMin": (REPLY, False)})),
    ("answered twice", again(1, sid="SMother", body="Call 911 now.")),
    ("red flag", ours(urgent={})),
    ("red flag", ours(urgent={REPLY: ["K7QF", "ZZ22"]})),
    ("red flag", without(1)),
    ("red flag", without(2)),
]


def test_a_day_on_which_all_is_well_has_no_violation() -> None:
    assert violations(scene()) == []


@pytest.mark.parametrize(("kind", "wrong"), WRONGS)
def test_what_must_never_be_is_noticed(kind: str, wrong: Callable[[Scene], Scene]) -> None:
    assert kind in {found.kind for found in violations(wrong(scene()))}


def test_an_event_that_was_never_taken_is_noticed() -> None:
    it = scene()
    it.books.fed.append(Fed("+12025550124", {}, 0.0))
    assert {found.kind for found in violations(it)} == {"refused", "lost"}


def test_a_patient_without_a_text_must_have_a_reason() -> None:
    it = scene()
    it.books.fed.append(Fed("+12025550124", {}, 0.0, arrival="a1"))
    assert {found.kind for found in violations(it)} == {"lost"}
    said = ours(reasons={"+12025550124": ["skipped:late"]})(it)
    assert violations(said) == []


def test_an_answer_that_came_back_may_be_followed_by_another() -> None:
    it = again(1, sid="SMfirst", status="undelivered")(scene())
    assert violations(it) == []


def test_a_text_that_came_back_and_was_to_go_again_may_be_skipped() -> None:
    it = with_text(2, status=MessageStatus.SKIPPED, provider_id=None)(scene())
    assert {found.kind for found in violations(it)} == {"denied"}
    back = replace(it.accepted[2], status="undelivered")
    assert violations(replace(it, accepted=[*it.accepted[:2], back])) == []


def test_a_text_that_came_back_may_be_followed_by_another() -> None:
    it = scene()
    first = replace(it.accepted[0], sid="SMfirst", status="undelivered")
    assert violations(replace(it, accepted=[first, *it.accepted])) == []

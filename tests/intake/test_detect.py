"""The one door: any bytes have an answer, in bounded time, and nothing is lost."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.domain.events import ItemKind, ParsedItem
from outreach.intake.interface import InterfaceSettings
from tests.intake.conftest import FEEDS, RECEIVED, Read, intake, only, problem_of, siu
from tests.intake.test_fhir import appointment, bundle, person
from tests.intake.test_native import native
from tests.intake.test_timing import order, rhythm
from tests.steps import steps_of

SEEDS = [
    siu(more="AIL|1||CHAIR^^^LAKE\rNK1|1|A^B|MTH||2025550123").encode(),
    *(
        json.dumps(one).encode()
        for one in (bundle(appointment(), person()), native(), order(rhythm(1, 1, "wk")))
    ),
    b'id,mrn,date,time,name,dob\nV1,77,3/15/2027,9:00 AM,"Larkspur, Nell",1/1/80\n',
]


def answered(items: list[ParsedItem]) -> None:
    """Exactly one of event, problem or ignored, and text any database can store."""
    assert items
    for item in items:
        ignored = item.kind is ItemKind.IGNORED
        assert (item.event is not None) + (item.problem is not None) + ignored == 1
        repr(item.event).encode()
        assert "\x00" not in repr(item.event)
        if item.event is not None:
            assert item.event.event_id
            assert item.event.patient.identifiers


@settings(max_examples=300)
@given(
    st.binary(max_size=200),
    st.sampled_from(["", "text/csv", "application/json", "x-application/hl7-v2+er7"]),
)
@example(b"\xff\xfe", "")
@example(b"MSH|^~\\&" + b"|" * 30, "")
@example(b'{"specversion":"1.0"}', "")
@example(b"[]", "")
@example(b"[[]]", "")
@example(b"\x0b\x1c", "")
def test_any_bytes_have_an_answer(raw: bytes, kind: str) -> None:
    answered(intake()(raw, kind, "ehr", RECEIVED))


@settings(max_examples=500)
@given(st.sampled_from(SEEDS), st.data())
def test_damaged_feeds_have_an_answer(seed: bytes, data: st.DataObject) -> None:
    raw = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        size = data.draw(st.integers(0, 12))
        raw[at : at + size] = data.draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [
                        b"|",
                        b"^",
                        b"~",
                        b"\\",
                        b'""',
                        b"&",
                        b"null",
                        b"{}",
                        b"[]",
                        b"-1",
                        b"\\ud800",
                        b"\r",
                    ]
                ),
            )
        )
        raw = raw or bytearray(b" ")
    answered(intake()(bytes(raw), "", "ehr", RECEIVED))


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = [appointment(), person(), order(rhythm(1, 1, "wk")), native(), native("regimen.changed")]


def paths(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(path for key, one in inner for path in paths(one, (*at, key)))]


@settings(max_examples=500)
@given(st.sampled_from(OBJECTS), st.data(), JUNK)
def test_any_shape_in_any_place_of_json_has_an_answer(
    value: dict[str, Any], data: st.DataObject, junk: object
) -> None:
    copy = json.loads(json.dumps(value))
    *way, last = data.draw(st.sampled_from([path for path in paths(copy) if path]))
    holder = copy
    for key in way:
        holder = holder[key]
    holder[last] = junk
    answered(intake()(json.dumps(copy).encode(), "", "ehr", RECEIVED))


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (siu().encode(), "application/json"),
        (siu().encode("utf-16"), ""),
        (b"\xef\xbb\xbf" + siu().encode(), ""),
        (b"\r\n\r\n" + siu().encode(), "text/plain"),
        (b"\x0b" + siu().encode() + b"\x1c\r", ""),
    ],
)
def test_content_outranks_its_label(read: Read, raw: bytes, kind: str) -> None:
    assert only(read(raw, kind)).kind is ItemKind.APPOINTMENT


def test_json_lists_and_lines(read: Read) -> None:
    one = json.dumps(native())
    assert len(read(f"[{one},{one}]")) == 2
    items = read(f"{one}\n{{broken\n{one}\n")
    assert [item.kind for item in items] == ["appointment", "rejected", "appointment"]


@pytest.mark.parametrize(
    "raw", ["", "   \n", "<ClinicalDocument/>", "just words", "%PDF-1.7", "{", "[1]", '{"a": NaN}']
)
def test_what_is_none_of_ours_is_rejected_with_a_reason(read: Read, raw: str) -> None:
    assert problem_of(only(read(raw))).code in {"structure", "not-supported"}


def test_nesting_beyond_all_use(read: Read) -> None:
    deep = '{"resourceType":"Patient","x":' + "[" * 100_000 + "]" * 100_000 + "}"
    assert problem_of(only(read(deep))).code == "structure"
    for depth in (700, 900, 950, 990):
        nested = "[" * depth + "]" * depth
        answered(
            read(
                '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","x":'
                + nested
                + "}}]}"
            )
        )


def test_limits_of_size_and_number(read: Read) -> None:
    small = InterfaceSettings(max_bytes=1000, max_items=3)
    assert problem_of(only(read("x" * 2000, "", small))).code == "too-long"
    assert problem_of(only(read("[" + "{}," * 9 + "{}]", "", small))).code == "too-long"
    many = read((siu()) * 3 * 2, "", InterfaceSettings(max_items=3))
    assert problem_of(many[-1]).code == "207"


def steps(raw: bytes) -> int:
    return steps_of(lambda: answered(intake()(raw, "", "ehr", RECEIVED)))


@pytest.mark.parametrize(
    "grow",
    [
        lambda n: siu().encode() + b"OBX|1|TX|x||" + b"OBX|1|TX|x||y\r" * n,
        lambda n: siu(pid="1||" + "~".join(f"{i}^^^A^MR" for i in range(n)) + "||L^N").encode(),
        lambda n: siu(more="NTE|1||" + "\\" * n).encode(),
        lambda n: siu(more="NTE|1||" + "\n" * n + "x" * n).encode(),
        lambda n: siu().encode() + b"broken line\r" * n,
        lambda n: siu(pid="1||77^^^A^MR||" + "^" * n + "&" * n).encode(),
        lambda n: siu(pid="1||77^^^A^MR||" + "\u202e" * n).encode(),
        lambda n: b"\x0b" * n + siu().encode(),
        lambda n: siu(start=" " * n + "x").encode(),
        lambda n: json.dumps(bundle(*[appointment()] * (n // 100))).encode(),
        lambda n: b"id,mrn,start\n" + b"V1,77,2027-03-15 09:00\n" * (n // 50),
    ],
)
def test_work_grows_no_faster_than_the_input(grow: Any) -> None:
    steps(grow(2_000))  # what is made once and kept is not counted
    assert steps(grow(16_000)) < steps(grow(2_000)) * 8 * 1.2


def test_ten_thousand_segments_and_repetitions_are_no_trouble() -> None:
    repeated = siu(pid="1||77^^^A^MR||L^N||||||||" + "~".join(["2025550123^^CP"] * 10_000))
    raw = repeated.encode() + b"NK1|1|A^B|MTH||2025550123\r" * 10_000
    assert steps(raw) < 100 * 20_000


@pytest.mark.parametrize("nasty", ["{{7*7}}", "'; DROP TABLE patients;--", "<b>x</b>", "${jndi:x}"])
def test_code_in_a_name_is_only_a_name(read: Read, nasty: str) -> None:
    item = only(read(siu(pid=f"1||77^^^A^MR||{nasty}^N")))
    assert item.event is not None
    assert item.event.patient.family == nasty


@pytest.mark.parametrize("feed", sorted(FEEDS.iterdir()), ids=lambda path: path.name)
def test_example_feeds_are_read_as_intended(read: Read, feed: Any) -> None:
    items = read(feed.read_bytes())
    rejected = [item.trigger for item in items if item.kind is ItemKind.REJECTED]
    assert rejected == (["row 3"] if feed.name == "bookings.csv" else [])
    assert not any(item.kind is ItemKind.IGNORED for item in items)

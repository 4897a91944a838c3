"""PID, NK1 and GT1: names, telecoms in the order they should be tried, guardians, death."""

from datetime import date

import pytest

from outreach.domain.events import ContactRole, Identifier, Telecom
from outreach.intake.detect import Intake
from tests.intake.conftest import NEW_YORK, RECEIVED, Read, only, patient_of, siu


def telecoms(read: Read, pid: str, more: str = "") -> tuple[Telecom, ...] | None:
    parts = {"pid": pid, "more": more} if more else {"pid": pid}
    return patient_of(only(read(siu(**parts)))).telecoms


def values(found: tuple[Telecom, ...] | None) -> list[str]:
    return [one.value for one in found or ()]


BASE = "1||77^^^CGI^MR||Larkspur^Nell||19800101|F||||"


@pytest.mark.parametrize(
    ("xtn", "value", "mobile"),
    [
        ("(202)555-0123", "(202)555-0123", None),
        ("^PRN^CP^^1^202^5550123", "+1 202 5550123", True),
        ("^PRN^PH^^^202^5550123^9", "202 5550123", None),
        ("x^^^^^^^^^^^2025550123", "2025550123", None),
        ("2025550123^ORN", "2025550123", True),
        ("2025550123^MOBILE", "2025550123", True),
        ("2025550123^WPN^PH", "2025550123", False),
    ],
)
def test_the_number_in_every_shape(read: Read, xtn: str, value: str, mobile: bool | None) -> None:
    found = telecoms(read, f"{BASE}|{xtn}")
    assert found == (Telecom(value, "phone", mobile),)


@pytest.mark.parametrize(
    "xtn", ["^NET^Internet^nell@example.org", "nell@example.org", "nell@example.org^EMAIL"]
)
def test_email_in_every_shape(read: Read, xtn: str) -> None:
    assert telecoms(read, f"{BASE}|{xtn}") == (Telecom("nell@example.org", "email"),)


def test_fax_and_pager_and_rubbish_are_no_phones(read: Read) -> None:
    assert telecoms(read, f"{BASE}|2025550120^^FX~2025550121^^BP~unknown~12^NET^Internet") is None


def test_mobile_first_then_the_order_written_and_no_repeats(read: Read) -> None:
    found = telecoms(read, f"{BASE}|2025550121^PRN^PH~2025550122^^CP~2025550121|2025550123")
    assert values(found) == ["2025550122", "2025550121", "2025550123"]
    assert [one.rank for one in found or ()] == [0, 1, 2]
    assert (found or ())[2].mobile is False


def test_empty_says_nothing_and_two_quotes_say_none(read: Read) -> None:
    assert telecoms(read, f"{BASE}|") is None
    assert telecoms(read, f'{BASE}|""') == ()
    assert values(telecoms(read, f'{BASE}|""~2025550121^PRN')) == ["2025550121"]


MOTHER = "NK1|1|Larkspur^Ada|MTH^Mother||2025550140^^CP"


def test_a_child_is_reached_through_a_parent(read: Read) -> None:
    child = BASE.replace("19800101", "20190101")
    found = telecoms(read, f"{child}|", MOTHER)
    assert found == (Telecom("2025550140", "phone", True, ContactRole.PARENT),)
    guarantor = "GT1|1|9|Larkspur^Ada|||2025550141|||||FTH^Father"
    assert values(telecoms(read, f"{child}|2025550123", guarantor)) == ["2025550123", "2025550141"]


def test_a_grown_patient_s_relatives_are_never_texted(read: Read) -> None:
    assert telecoms(read, f"{BASE}|", MOTHER) is None
    unknown_age = BASE.replace("19800101", "")
    assert telecoms(read, f"{unknown_age}|", MOTHER) is None


def test_a_named_guardian_counts_at_any_age(read: Read) -> None:
    found = telecoms(read, f"{BASE}|", MOTHER.replace("MTH^Mother", "GRD^Guardian"))
    assert found == (Telecom("2025550140", "phone", True, ContactRole.GUARDIAN),)


def test_a_mother_s_number_that_stands_as_the_child_s_own_too_keeps_both_words(read: Read) -> None:
    child = BASE.replace("19800101", "20190101")
    found = telecoms(read, f"{child}|2025550140^^CP", MOTHER)
    assert [(one.value, one.role) for one in found or ()] == [
        ("2025550140", ContactRole.SELF),
        ("2025550140", ContactRole.PARENT),
    ]


def test_relatives_are_read_up_to_the_age_of_majority_of_the_clinic() -> None:
    nearly = BASE.replace("19800101", "20081201")  # 18 when the message was sent
    message = siu(pid=f"{nearly}|", more=MOTHER).encode()
    for majority, count in ((18, 0), (19, 1)):
        intake = Intake(NEW_YORK, "US", lambda _: NEW_YORK, majority=majority)
        (item,) = intake(message, "", "test", RECEIVED)
        assert len(patient_of(item).telecoms or ()) == count


def test_record_number_first_and_no_social_security(read: Read) -> None:
    pid = "1||5^^^NHS^NH~123-45-6789^^^USSSA^SS~77^^^CGI&1.2.3&ISO^MR~8^^^&1.2.9&ISO^MR||Larkspur"
    found = patient_of(only(read(siu(pid=pid)))).identifiers
    assert found == (Identifier("CGI", "77"), Identifier("1.2.9", "8"), Identifier("NHS", "5"))


def test_older_fields_stand_in_for_an_empty_pid_3(read: Read) -> None:
    item = only(read(siu(pid="1|41|||Larkspur^Nell")))
    assert patient_of(item).identifiers == (Identifier("CGI", "41"),)
    assert any("PID-3" in note for note in item.warnings)


def test_legal_name_before_alias_and_maiden_name(read: Read) -> None:
    pid = "1||77^^^CGI^MR||Moss^Nan^^^^^A~Larkspur&van&Larkspur^Nell^Q^^^^L"
    patient = patient_of(only(read(siu(pid=pid))))
    assert (patient.family, patient.given) == ("Larkspur", "Nell")
    alone = patient_of(only(read(siu(pid="1||77^^^CGI^MR||Moss^Nan^^^^^A"))))
    assert alone.family == "Moss"


def with_fields(**fields: str) -> str:
    pid = ["1", "", "77^^^CGI^MR", "", "Larkspur^Nell", *[""] * 30]
    for name, value in fields.items():
        pid[int(name[1:]) - 1] = value
    return siu(pid="|".join(pid))


@pytest.mark.parametrize(
    ("written", "tag"),
    [("en", "en"), ("SPA", "es"), ("^Spanish", "es"), ("es-us", "es-US"), ("ara^^HL70296", "ar")],
)
def test_language(read: Read, written: str, tag: str) -> None:
    assert patient_of(only(read(with_fields(_15=written)))).language == tag


def test_an_unknown_language_is_left_out_with_a_warning(read: Read) -> None:
    item = only(read(with_fields(_15="Klingonese")))
    assert patient_of(item).language is None
    assert any("PID-15" in note for note in item.warnings)


@pytest.mark.parametrize(
    ("time", "flag", "deceased"),
    [
        ("", "Y", True),
        ("20270101", "", True),
        ("20270101", "N", False),
        ("", "N", False),
        ("", '""', False),
        ("", "", None),
    ],
)
def test_death(read: Read, time: str, flag: str, deceased: bool | None) -> None:
    assert patient_of(only(read(with_fields(_29=time, _30=flag)))).deceased is deceased


def test_birth_date_and_postal_code(read: Read) -> None:
    patient = patient_of(only(read(with_fields(_7="198808181126+0215", _11="1 Lane^^X^DC^20001"))))
    assert (patient.birth_date, patient.postal_code) == (date(1988, 8, 18), "20001")
    item = only(read(with_fields(_7="1988")))
    assert patient_of(item).birth_date is None
    assert any("PID-7" in note for note in item.warnings)

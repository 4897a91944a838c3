"""Which sender comes first for whom, and what stays where it is when senders come and go."""

from uuid import UUID, uuid5

from outreach.domain.senders import Sender, SenderKind, Senders

GROVE = Sender("grove", "+12025550110", sites=frozenset({"cedar_grove"}))
GROVE_FREE = Sender(
    "grove_free", "+18005550110", SenderKind.TOLL_FREE, sites=frozenset({"cedar_grove"})
)
LAKE = Sender("lake", "+12025550120", sites=frozenset({"lakeside"}))
POOL = Sender("pool", "MG1", SenderKind.SERVICE)
FREE = Sender("free", "+18005550100", SenderKind.TOLL_FREE)
SHORT = Sender("short", "12345", SenderKind.SHORT_CODE)
ALL = Senders((FREE, SHORT, LAKE, POOL, GROVE_FREE, GROVE))
SPACE = UUID(int=9)


def names(senders: Senders, site: str | None, sticky: str | None = None) -> list[str]:
    return [one.name for one in senders.for_patient(UUID(int=1), site, sticky)]


def test_the_site_comes_before_all_sites_before_other_sites_and_local_before_toll_free() -> None:
    order = ["grove", "grove_free", "pool", "short", "free", "lake"]
    assert names(ALL, "cedar_grove") == order
    assert names(ALL, None)[:3] == ["pool", "short", "free"]


def test_the_thread_of_a_patient_comes_before_everything() -> None:
    assert names(ALL, "cedar_grove", "lake")[0] == "lake"
    assert names(ALL, "cedar_grove", "gone")[0] == "grove"


def test_patients_are_spread_by_rate_and_a_sender_that_leaves_moves_only_its_own() -> None:
    pool = tuple(
        Sender(f"n{i}", f"+1202555030{i}", per_second=1.0 + 3.0 * (i == 0)) for i in range(4)
    )
    patients = [uuid5(SPACE, str(number)) for number in range(3000)]
    first = {one: Senders(pool).for_patient(one, None, None)[0].name for one in patients}
    shares = {name: list(first.values()).count(name) / 3000 for name in set(first.values())}
    assert 0.5 < shares["n0"] < 0.65  # four of seven
    assert all(0.1 < shares[f"n{i}"] < 0.19 for i in (1, 2, 3))
    fewer = Senders(pool[:-1])
    moved = [one for one in patients if fewer.for_patient(one, None, None)[0].name != first[one]]
    assert {first[one] for one in moved} == {"n3"}


def test_staff_have_their_own_and_any_other_after_it() -> None:
    staff = Sender("staff", "+12025550101")
    assert [one.name for one in Senders((GROVE, LAKE), staff).for_staff()] == [
        "staff",
        "grove",
        "lake",
    ]
    assert [one.name for one in Senders((GROVE,)).for_staff()] == ["grove"]


def test_senders_are_found_by_name_and_address() -> None:
    staff = Sender("staff", "+12025550101")
    known = Senders((GROVE, POOL), staff)
    assert known.named("pool") is POOL
    assert known.named("staff") is staff
    assert known.named(None) is None
    assert known.at("+12025550110") is GROVE
    assert known.at("+19995550000") is None
    assert Senders().at(None) == Sender("default")
    assert (known.several, Senders().several) == (True, False)

"""Where somebody lives: what the clinic verified, then the postal code, then the area code."""

from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType
from phonenumbers.geodata import GEOCODE_DATA

from outreach.domain import us_places
from outreach.domain.whereabouts import Whereabouts, by_phone, named_zone, whereabouts

NAMES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA",
    "Colorado": "CO", "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA",
    "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL", "Indiana": "IN", "Iowa": "IA",
    "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME", "Maryland": "MD",
    "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "New Hampshire": "NH",
    "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC",
    "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN",
    "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington D.C.": "DC",
    "Washington State": "WA", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
    "Palm Beach, FL": "FL",
}  # fmt: skip
TERRITORIES = {"PR": "PR", "VI": "VI", "GU": "GU", "MP": "MP", "AS": "AS"}
BY_PLACE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
}


def found(
    zone: str | None = None, code: str | None = None, phone: str | None = None
) -> Whereabouts:
    return whereabouts(zone=zone, postal_code=code, phone=phone, region="US")


def keys(place: Whereabouts) -> set[str]:
    return {zone.key for zone in place.zones}


def american_area_codes() -> dict[str, str]:
    """Every area code that numbers of the United States can have, and the region of each."""
    codes = {}
    for code in range(200, 1000):
        for exchange in ("234", "555", "633", "700", "931"):
            number = phonenumbers.parse(f"+1{code}{exchange}0123")
            region = phonenumbers.region_code_for_number(number)
            if region in {"US", *TERRITORIES} and phonenumbers.number_type(number) in BY_PLACE:
                codes[str(code)] = region
                break
    return codes


def test_every_american_area_code_is_in_the_table_with_its_state() -> None:
    codes = american_area_codes()
    assert len(codes) > 350
    assert codes.keys() <= us_places.area_codes()
    for code, region in codes.items():
        described = GEOCODE_DATA.get(f"1{code}", {}).get("en", "")
        state = NAMES.get(described) or (described[-2:] if ", " in described else None)
        state = TERRITORIES.get(region, state)
        if state is not None:
            assert us_places.state_of_area(code) == state, code


def test_every_state_has_zones_and_a_postal_code() -> None:
    zips = [f"{number:03d}01" for number in range(1000)]
    with_zips = {state for code in zips for state in us_places.states_of_zip(code)}
    assert with_zips | {"AS"} == us_places.states()
    for state in us_places.states():
        assert us_places.zones_of_state(state)
    assert len(us_places.states()) == 59


def test_mail_for_the_armed_forces_names_no_zone() -> None:
    for code in ("09012", "34002", "96201"):
        assert us_places.is_abroad(code)
        assert us_places.zones_of_zip(code) == ()


@given(st.from_regex(r"[0-9]{5}", fullmatch=True))
def test_the_zones_of_a_postal_code_are_zones_of_its_states(code: str) -> None:
    allowed = {
        zone for state in us_places.states_of_zip(code) for zone in us_places.zones_of_state(state)
    }
    assert set(us_places.zones_of_zip(code)) <= allowed
    assert bool(us_places.zones_of_zip(code)) == bool(allowed)


@given(st.sampled_from(sorted(us_places.area_codes())))
def test_the_zones_of_an_area_code_are_kept_in_its_state(code: str) -> None:
    place = by_phone(f"+1{code}5550123")
    state = us_places.state_of_area(code)
    assert state is not None
    assert place.states == {state}
    assert place.zones
    assert keys(place) <= set(us_places.zones_of_state(state))


@pytest.mark.parametrize(
    ("zone", "code", "phone", "zones", "states"),
    [
        (None, None, "+12125550123", {"America/New_York"}, {"NY"}),
        (None, "33101", "+12125550123", {"America/New_York"}, {"FL"}),
        (None, "94103-1234", "+12125550123", {"America/Los_Angeles"}, {"CA"}),
        ("America/Chicago", "94103", None, {"America/Chicago"}, {"CA"}),
        ("America/Chicago", None, "+13055550123", {"America/Chicago"}, {"FL"}),
        (None, "32401", None, {"America/New_York", "America/Chicago"}, {"FL"}),
        (None, "32501", None, {"America/Chicago"}, {"FL"}),
        (None, "79901", None, {"America/Denver"}, {"TX"}),
        (None, "79830", None, {"America/Chicago", "America/Denver"}, {"TX"}),
        (None, "06390", None, {"America/New_York"}, {"NY"}),
        (None, "06385", None, {"America/New_York"}, {"CT"}),
        (None, "96799", None, {"Pacific/Pago_Pago"}, {"AS"}),
        (None, "96701", None, {"Pacific/Honolulu"}, {"HI"}),
        (None, None, "+18505550123", {"America/New_York", "America/Chicago"}, {"FL"}),
        (None, None, "+14485550123", {"America/New_York", "America/Chicago"}, {"FL"}),
        (None, None, "+16895550123", {"America/New_York"}, {"FL"}),
        (None, None, "+19155550123", {"America/Denver"}, {"TX"}),
        (None, None, "+19285550123", {"America/Phoenix", "America/Denver"}, {"AZ"}),
        (None, None, "+16135550123", {"America/Toronto"}, set()),
        (None, None, "+4915112345678", {"Europe/Berlin"}, set()),
    ],
)
def test_what_is_plausible(
    zone: str | None, code: str | None, phone: str | None, zones: set[str], states: set[str]
) -> None:
    place = found(zone, code, phone)
    assert (keys(place), set(place.states)) == (zones, states)
    assert place.known_by


@pytest.mark.parametrize(
    "phone", ["+18005550123", "+18885550123", "+15005550006", "+870773111632", "+1", "no", "", None]
)
def test_a_number_of_no_place_tells_nothing(phone: str | None) -> None:
    assert found(phone=phone) == Whereabouts()


@pytest.mark.parametrize("code", ["09012", "34001", "96201-0001"])
def test_an_address_of_the_armed_forces_may_be_anywhere(code: str) -> None:
    place = found(code=code, phone="+12125550123")
    assert (place.zones, place.states) == ((), frozenset())


@pytest.mark.parametrize("code", ["", "K1A 0B1", "1234", "00000", "123456", "SW1A 1AA", None])
def test_what_is_no_postal_code_of_the_country_leaves_the_area_code(code: str | None) -> None:
    assert found(code=code, phone="+12125550123").states == {"NY"}


def test_five_digits_mean_another_place_in_another_country() -> None:
    place = whereabouts(zone=None, postal_code="06600", phone="+525512345678", region="MX")
    assert (keys(place), place.states) == ({"America/Mexico_City"}, frozenset())


@pytest.mark.parametrize("name", ["America", "Nowhere/At_All", "../etc/passwd", "Etc/Unknown", ""])
def test_a_zone_that_does_not_exist_does_not_count(name: str) -> None:
    assert named_zone(name) is None
    assert keys(found(name, None, "+12125550123")) == {"America/New_York"}


def test_an_area_code_newer_than_the_table_is_in_every_state_of_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older = {code: state for code, state in us_places._states_of_areas().items() if code != "305"}
    monkeypatch.setattr(us_places, "_states_of_areas", lambda: older)
    monkeypatch.setattr(us_places, "_zones_of_areas", dict)
    from outreach.domain import whereabouts as module

    place = module._by_area.__wrapped__("305")
    assert keys(place) == {"America/New_York"}
    assert {"FL", "NY", "CT", "IN"} <= place.states
    assert not {"CA", "AL"} & place.states


def test_the_likeliest_zone_comes_first() -> None:
    assert found(code="37301").zones == (ZoneInfo("America/Chicago"), ZoneInfo("America/New_York"))

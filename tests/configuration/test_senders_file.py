"""``senders.yaml``: what is written, and each mistake told at its line."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.configuration.senders_file import Written, load_senders
from outreach.domain.errors import ConfigurationError
from outreach.domain.senders import Sender, SenderKind
from tests.worlds import clinic

SERVICE = "MG" + "0a" * 16
GOOD = f"""\
senders:
  - name: main
    kind: messaging_service
    messaging_service_sid: {SERVICE}
    per_second: 12
  - name: lakeside
    kind: 10dlc
    number: "+12025550120"
    per_second: 3.75
    sites: [lakeside]
  - name: free
    kind: toll_free
    number: +18005550100
  - name: short
    kind: short_code
    number: "12345"
carrier_zone: America/New_York
"""


def load(tmp_path: Path, text: str) -> Written:
    file = tmp_path / "senders.yaml"
    file.write_text(text, encoding="utf-8")
    return load_senders(file, clinic())


def fault(tmp_path: Path, old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    return str(caught.value).replace(str(tmp_path / "senders.yaml"), "senders.yaml")


def test_without_a_file_there_is_nothing(tmp_path: Path) -> None:
    assert load_senders(tmp_path / "senders.yaml", clinic()) == Written()


def test_each_sender_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert found.senders == (
        Sender("main", SERVICE, SenderKind.SERVICE, 12.0),
        Sender("lakeside", "+12025550120", SenderKind.LOCAL, 3.75, frozenset({"lakeside"})),
        Sender("free", "+18005550100", SenderKind.TOLL_FREE),
        Sender("short", "12345", SenderKind.SHORT_CODE),
    )
    assert found.carrier_zone == ZoneInfo("America/New_York")
    assert load(tmp_path, GOOD.rsplit("carrier_zone", 1)[0]).carrier_zone.key == (
        "America/Los_Angeles"
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("name: lakeside", "name: main", 6, "stands here twice"),
        ("+18005550100", '"+12025550120"', 11, "stands here twice"),
        ("name: free", "name: default", 11, "taken by the program"),
        ("name: free", "name: Free!", 11, "pattern"),
        ("kind: toll_free", "kind: pigeon", 12, "10dlc"),
        (SERVICE, "MG12", 2, "MG and 32 hex digits"),
        ('"+12025550120"', '"2025550120"', 6, "+ and the country code"),
        ('number: "12345"', 'number: "+12025550199"', 14, "five or six digits"),
        ("per_second: 12", "per_second: 0", 5, "greater than 0"),
        ("sites: [lakeside]", "sites: [moon]", 10, "clinic.yaml has no site 'moon'"),
        ("America/New_York", "EST5", 17, "IANA time zone"),
        ("per_second: 12", "per_minute: 12", 5, "not a setting"),
    ],
)
def test_a_mistake_is_told_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    told = fault(tmp_path, old, new)
    assert f"senders.yaml, line {line}: " in told
    assert said in told


def test_a_file_without_senders_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="line 1"):
        load(tmp_path, "senders: []\n")


def test_the_example_can_be_read() -> None:
    found = load_senders(Path(__file__).parents[2] / "examples" / "senders.yaml", clinic())
    assert [sender.name for sender in found.senders] == ["main", "lakeside", "spare"]

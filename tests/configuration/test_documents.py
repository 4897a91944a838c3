"""What an editor of a configuration file is told, word for word."""

from collections.abc import Callable
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from outreach.configuration.documents import FaultAt, StrictModel, load_document, read_document
from outreach.domain.errors import ConfigurationError


class Color(StrEnum):
    RED = "red"


class Room(StrictModel):
    kind: Literal["room"]
    label: str
    opens: time


class Yard(StrictModel):
    kind: Literal["yard"]
    size: int


class House(StrictModel):
    door: Color
    places: tuple[Annotated[Room | Yard, Field(discriminator="kind")], ...]
    codes: dict[int, str] = Field(default_factory=dict)
    lit: bool = False

    @model_validator(mode="after")
    def _labels_differ(self) -> "House":
        labels: set[str] = set()
        for index, place in enumerate(self.places):
            if isinstance(place, Room) and place.label in labels:
                raise FaultAt(("places", str(index), "label"), "is taken. Choose another.")
            if isinstance(place, Room):
                labels.add(place.label)
        return self


GOOD = """\
# a house
door: red
lit: true
codes:
  30007: filtered
places:
  - kind: room
    label: "on"
    opens: 9:30
  - kind: yard
    size: 7
"""

Save = Callable[[str], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(text: str) -> Path:
        file = tmp_path / "house.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def fault(file: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_document(file, House)
    return str(caught.value).replace(str(file), "house.yaml")


def test_a_good_file_becomes_the_model(save: Save) -> None:
    text = GOOD.replace("9:30", "09:30")
    room = Room(kind="room", label="on", opens=time(9, 30))
    assert load_document(save(text), House) == House(
        door=Color.RED,
        places=(room, Yard(kind="yard", size=7)),
        codes={30007: "filtered"},
        lit=True,
    )


def test_plain_words_stay_text_and_every_value_has_its_line(save: Save) -> None:
    data, lines = read_document(
        save("a: on\nb: [9:30, 2026-03-01, 1_0, 07]\nc:\nd: -1.5\ne: TRUE\n")
    )
    assert data == {
        "a": "on",
        "b": ["9:30", "2026-03-01", "1_0", "07"],
        "c": None,
        "d": -1.5,
        "e": True,
    }
    assert (lines[("a",)], lines["b", "3"], lines[("e",)]) == (1, 2, 5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("size: 7", "size: big"),
            "house.yaml, line 11: places.1.size: should be a valid integer. Correct it.",
        ),
        (
            ("size: 7", "size: '7'"),
            "house.yaml, line 11: places.1.size: should be a valid integer.",
        ),
        (("door: red", "door: blue"), "house.yaml, line 2: door: should be 'red'. Correct it."),
        (("door: red\n", ""), "house.yaml, line 2: door: is missing. Add it."),
        (
            ('    label: "on"\n', ""),
            "house.yaml, line 7: places.0.label: is missing. Add it.",
        ),
        (
            ("lit: true", "litt: true"),
            "house.yaml, line 3: litt: is not a setting that is known here. Did you mean 'lit'?",
        ),
        (
            ("    size: 7", "    size: 7\n    sise: 8"),
            "house.yaml, line 12: places.1.sise: is not a setting that is known here."
            " Did you mean 'size'?",
        ),
        (
            ("lit: true", "xyzzy: true"),
            "house.yaml, line 3: xyzzy: is not a setting that is known here."
            " Remove it or correct its spelling.",
        ),
        (
            ("lit: true", "door: red"),
            "house.yaml, line 3: 'door' stands here a second time (first on line 2)."
            " Keep one of them.",
        ),
        (
            ("kind: yard\n    size: 7", "kind: room\n    label: 'on'\n    opens: '10:00'"),
            "house.yaml, line 11: places.1.label: is taken. Choose another.",
        ),
        (("lit: true", "lit: [true"), "house.yaml, line 4: is not YAML: "),
        (("lit: true", "lit: !!python/name:os.system x"), "house.yaml, line 3: the tag "),
        (("lit: true", "lit: !thing [1]"), "house.yaml, line 3: the tag !thing"),
        (("lit: true", "lit: &a true\nmore: *a"), "house.yaml, line 3: an alias (*name)"),
        (("lit: true", "? [a]\n: b"), "house.yaml, line 3: a key must be one word"),
        (("codes:\n  30007", "codes:\n  30o07"), "house.yaml, line 5: codes.30o07: "),
    ],
)
def test_a_fault_names_file_line_place_and_remedy(
    change: tuple[str, str], told: str, save: Save
) -> None:
    good = GOOD.replace("9:30", "09:30")
    assert change[0] in good
    assert fault(save(good.replace(*change))).startswith(told)


def test_several_faults_are_told_at_once_and_the_rest_counted(save: Save) -> None:
    extra = "".join(f"x{number}: 1\n" for number in range(6))
    lines = fault(save(extra)).splitlines()
    assert len(lines) == 6
    assert lines[0] == "house.yaml, line 1: door: is missing. Add it."
    assert lines[-1] == "house.yaml: and 3 more faults."


def test_a_missing_an_empty_and_an_unreadable_file(tmp_path: Path, save: Save) -> None:
    assert "there is no such file" in fault(tmp_path / "none.yaml")
    assert "is empty" in fault(save("# nothing\n"))
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read (UnicodeDecodeError)" in fault(binary)
    assert fault(save("- a\n")).startswith("house.yaml, line 1: should be an object")

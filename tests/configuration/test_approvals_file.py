"""``approvals.yaml``: what stands in it stays, what is added is whole, and mistakes have lines."""

import threading
from datetime import date
from pathlib import Path

import pytest

from outreach.configuration.approvals_file import (
    HEADER,
    RecordedApprovals,
    add_approvals,
    load_approvals,
)
from outreach.domain.approvals import Approval, Role, lacking
from outreach.domain.errors import ConfigurationError

SHIPPED = Path(__file__).parents[2] / "config" / "approvals.yaml"
DAY = date(2027, 3, 1)
ENTRY = """  - message: prep_7d
    language: en
    version: "0123456789ab"
    role: clinician
    by: Dana Reed
    day: 2027-02-01
"""


def approval(
    message: str = "prep_3d",
    *,
    language: str = "en",
    version: str = "123456789012",
    role: Role = Role.CLINICIAN,
    by: str = "Dana Reed",
) -> Approval:
    return Approval(message, language, version, role, by, DAY)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "approvals.yaml"


def test_the_shipped_file_approves_nothing_and_says_how() -> None:
    assert load_approvals(SHIPPED) == ()
    assert SHIPPED.read_text() == HEADER


def test_a_missing_file_approves_nothing_and_is_made_with_its_comments(file: Path) -> None:
    assert load_approvals(file) == ()
    assert add_approvals(file, [approval()]) == [approval()]
    assert load_approvals(file) == (approval(),)
    assert file.read_text().startswith(HEADER)


@pytest.mark.parametrize(
    "before",
    [
        "# ours\napprovals:\n" + ENTRY + "\n# the end\n",
        "# ours\napprovals:\n" + ENTRY.replace("\n  ", "\n").removeprefix("  "),
        "approvals:\n" + ENTRY.rstrip("\n"),
        ("# ours\napprovals:\n" + ENTRY).replace("\n", "\r\n"),
    ],
)
def test_what_stands_there_is_kept_to_the_letter(before: str, file: Path) -> None:
    file.write_bytes(before.encode())
    known = load_approvals(file)
    add_approvals(file, [approval(), approval("dose_day", by='Ana "X" Núñez: #1')])
    assert file.read_bytes().startswith(before.encode())
    assert load_approvals(file)[: len(known)] == known
    assert [one.message for one in load_approvals(file)] == ["prep_7d", "prep_3d", "dose_day"]
    assert load_approvals(file)[2].by == 'Ana "X" Núñez: #1'


@pytest.mark.parametrize("before", ["", "# nothing yet\n", "approvals:\n", "approvals: []\n"])
def test_an_empty_list_in_any_form_is_added_to(before: str, file: Path) -> None:
    file.write_text(before)
    add_approvals(file, [approval()])
    assert load_approvals(file) == (approval(),)
    assert file.read_text().startswith(before.partition("approvals")[0])


def test_a_form_that_cannot_be_added_to_is_named_and_left_alone(file: Path) -> None:
    before = (
        '# ours\napprovals: [{message: prep_7d, language: en, version: "0123456789ab",'
        " role: clinician, by: Dana, day: 2027-02-01}]\n"
    )
    file.write_text(before)
    with pytest.raises(ConfigurationError, match=r"approvals\.yaml, line 2: cannot be added to"):
        add_approvals(file, [approval()])
    file.write_text("approvals:\n" + ENTRY + "...\n")
    with pytest.raises(ConfigurationError, match="the last thing in"):
        add_approvals(file, [approval()])
    assert file.read_text() == "approvals:\n" + ENTRY + "...\n"
    assert list(file.parent.iterdir()) == [file]


def test_the_same_word_is_recorded_once(file: Path) -> None:
    add_approvals(file, [approval()])
    before = file.read_bytes()
    assert add_approvals(file, [approval(by="Somebody Else")]) == []
    assert file.read_bytes() == before


def test_a_link_stays_a_link_and_the_mode_stays(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "kept" / "ours.yaml"
    real.parent.mkdir()
    real.write_text(HEADER)
    real.chmod(0o640)
    file.symlink_to(real)
    add_approvals(file, [approval()])
    assert file.is_symlink()
    assert load_approvals(real) == (approval(),)
    assert real.stat().st_mode & 0o777 == 0o640


def test_people_who_approve_at_once_lose_nothing(file: Path) -> None:
    names = [f"note_{number}" for number in range(24)]
    threads = [
        threading.Thread(target=add_approvals, args=(file, [approval(name)])) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.message for one in load_approvals(file)) == sorted(names)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("approvals:\n  - message: [\n", 3, "is not YAML"),
        ("approvals:\n" + ENTRY.replace("clinician", "nurse"), 5, "approvals.0.role"),
        ("approvals:\n" + ENTRY.replace('"0123456789ab"', "123456789012"), 4, "version"),
        ("approvals:\n" + ENTRY.replace("Dana Reed", "''"), 6, "by"),
        ("approvals:\n" + ENTRY.replace("2027-02-01", "last May"), 7, "day"),
        ("approvals:\n" + ENTRY.replace("    by: Dana Reed\n", ""), 2, "is missing. Add it."),
        ("approved:\n" + ENTRY, 1, "Did you mean 'approvals'?"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, words: str, file: Path) -> None:
    file.write_text(text)
    for act in (load_approvals, lambda path: add_approvals(path, [approval()])):
        with pytest.raises(ConfigurationError) as caught:
            act(file)
        assert str(caught.value).startswith(f"{file}, line {line}: ")
        assert words in str(caught.value)
    assert file.read_text() == text


def test_a_change_is_seen_without_a_restart(file: Path) -> None:
    recorded = RecordedApprovals(file)
    assert recorded.now() == ()
    add_approvals(file, [approval()])
    assert recorded.now() == (approval(),)
    file.unlink()
    assert recorded.now() == ()


def test_whose_word_is_wanting() -> None:
    def wanting(*given: Approval, language: str = "es") -> tuple[Role, ...]:
        return lacking(given, "prep_3d", language, "123456789012", "en")

    clinician, translator = (approval(language="es", role=role) for role in Role)
    assert wanting() == (Role.CLINICIAN, Role.TRANSLATOR)
    assert wanting(clinician) == (Role.TRANSLATOR,)
    assert wanting(translator) == (Role.CLINICIAN,)
    assert wanting(clinician, translator) == ()
    assert wanting(approval(role=Role.TRANSLATOR), language="en") == (Role.CLINICIAN,)
    assert wanting(approval(), language="en") == ()
    assert wanting(approval(version="0" * 12), language="en") == (Role.CLINICIAN,)
    assert wanting(approval("prep_7d"), language="en") == (Role.CLINICIAN,)

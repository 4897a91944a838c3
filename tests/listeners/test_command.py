"""``outreach mllp`` says in one line why it does not listen."""

import pytest

from outreach.cli.app import run
from outreach.cli.mllp import _chosen
from outreach.domain.errors import ConfigurationError, NotFound
from outreach.domain.interfaces import Interface, MllpEndpoint

LISTENS = Interface("ehr", mllp=MllpEndpoint("127.0.0.1", 6661))
OTHER = Interface("other", mllp=MllpEndpoint("127.0.0.1", 6662))
POSTS = Interface("portal")


def addresses(chosen: list[Interface]) -> list[tuple[str, str, int]]:
    return [(one.name, one.mllp.host, one.mllp.port) for one in chosen if one.mllp]


def test_all_that_have_a_port_or_the_one_that_is_named() -> None:
    known = (LISTENS, OTHER, POSTS)
    assert addresses(_chosen(known, None, None, None)) == [
        ("ehr", "127.0.0.1", 6661),
        ("other", "127.0.0.1", 6662),
    ]
    assert addresses(_chosen(known, "other", None, None)) == [("other", "127.0.0.1", 6662)]


def test_the_command_line_outranks_the_file() -> None:
    assert addresses(_chosen((LISTENS,), None, "::1", None)) == [("ehr", "::1", 6661)]
    assert addresses(_chosen((LISTENS,), "ehr", None, 7000)) == [("ehr", "127.0.0.1", 7000)]
    assert addresses(_chosen((POSTS,), "portal", None, 7000)) == [("portal", "127.0.0.1", 7000)]


def test_what_cannot_be_listened_for_is_told() -> None:
    with pytest.raises(NotFound, match="Known: ehr"):
        _chosen((LISTENS,), "emr", None, None)
    for known, name in (((), None), ((POSTS,), None), ((POSTS,), "portal")):
        with pytest.raises(ConfigurationError, match="No interface says where it listens"):
            _chosen(known, name, None, None)


def test_a_port_belongs_to_one_interface(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mllp", "--port", "6661"]) == 2
    assert "name the interface it is for" in capsys.readouterr().err

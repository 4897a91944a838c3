"""Each item of an arrival reads as itself without the others: it is settled and replayed alone."""

import json

import pytest

from tests.intake.conftest import FEEDS, Read, event_of, only


@pytest.mark.parametrize("path", sorted(FEEDS.iterdir()), ids=lambda path: path.name)
def test_every_item_of_a_feed_reads_the_same_alone(read: Read, path: object) -> None:
    items = [item for item in read(path.read_bytes()) if item.event]  # type: ignore[attr-defined]
    assert items
    for item in items:
        assert event_of(only(read(item.raw))) == item.event


def test_an_item_of_a_bundle_keeps_what_it_refers_to_and_no_more(read: Read) -> None:
    feed = json.loads((FEEDS / "fhir_appointment.json").read_bytes())
    feed["entry"].append({"resource": {"resourceType": "Patient", "id": "stranger"}})
    item = next(one for one in read(json.dumps(feed)) if one.trigger == "Appointment")
    assert b"stranger" not in item.raw
    assert event_of(only(read(item.raw))) == item.event

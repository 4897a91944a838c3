"""The objects of ``outreach parse --json``."""

import json

from outreach.intake.contract import describe
from tests.intake.conftest import FEEDS, NEW_YORK, Read, only, siu


def test_a_visit_in_full(read: Read) -> None:
    item = only(read((FEEDS / "siu_s12_visit.hl7").read_bytes()))
    found = describe(item, "siu_s12_visit.hl7", 0, "US", NEW_YORK)
    json.dumps(found)
    assert (found["file"], found["index"], found["kind"], found["trigger"]) == (
        "siu_s12_visit.hl7",
        0,
        "appointment",
        "S12",
    )
    visit, patient = found["appointment"], found["patient"]
    assert visit["ids"][0] == {"system": "CGI", "value": "V-7001"}
    assert visit["start"] == "2027-03-15T09:00:00-04:00"
    assert (visit["status"], visit["service"], visit["location"]) == (
        "booked",
        "IVIG Infusion",
        "CGI-EAST",
    )
    assert (patient["phone"], patient["phones"]) == ("+12025550123", ["+12025550123"])
    assert (patient["family"], patient["birth_date"]) == ("Quillfeather", "1979-06-04")
    assert (patient["email"], patient["language"]) == ("mira.q@example.org", "en")
    assert (found["merge"], found["regimen"], found["error"]) == (None, None, None)


def test_numbers_that_cannot_exist_are_left_out_with_a_warning(read: Read) -> None:
    pid = "1||77^^^CGI^MR||L^N||||||||5^PRN~(202)555-0123^PRN~+1 202 555 0123"
    found = describe(only(read(siu(pid=pid))), "x", 0, "US")
    assert found["patient"]["phones"] == ["+12025550123"]
    assert len(found["warnings"]) == 1


def test_whose_each_address_is(read: Read) -> None:
    pid = "1||77^^^CGI^MR||L^N||20190101|F||||||(202)555-0123"
    mother = "NK1|1|L^A|MTH^Mother||2025550140^^CP"
    found = describe(only(read(siu(pid=pid, more=mother))), "x", 0, "US")
    assert [(one["value"], one["role"]) for one in found["patient"]["contacts"]] == [
        ("+12025550123", "self"),
        ("+12025550140", "parent"),
    ]


def test_merge_regimen_and_error(read: Read) -> None:
    merge = only(
        read("MSH|^~\\&|A|CGI|||20270301||ADT^A40|M1|P|2.5\rPID|1||77^^^CGI^MR\rMRG|66^^^CGI^MR\r")
    )
    found = describe(merge, "x", 0, "US")
    assert found["merge"] == {"prior_ids": [{"system": "CGI", "value": "66"}]}
    assert found["patient"]["ids"] == [{"system": "CGI", "value": "77"}]
    dosing = only(read((FEEDS / "fhir_home_dosing.json").read_bytes()))
    doses = describe(dosing, "x", 0, "US", NEW_YORK)["regimen"]["dose_dates"]
    assert doses[0] == "2027-03-04T18:30:00-05:00"
    assert len(doses) == 5
    rejected = describe(only(read(siu(start="20261301"))), "x", 3, "US")
    assert (rejected["kind"], rejected["index"]) == ("rejected", 3)
    assert rejected["error"]["code"] == "102"
    assert (rejected["patient"], rejected["appointment"]) == (None, None)


def test_the_lots_of_a_visit_and_of_a_shipment(read: Read) -> None:
    infusion = only(read((FEEDS / "event_infusion_completed.json").read_bytes()))
    found = describe(infusion, "x", 0, "US")
    assert (found["appointment"]["lots"], found["shipment"]) == (["LOT-EX-4471"], None)
    sent = {
        "id": "e1",
        "type": "shipment.sent",
        "patient": {"ids": [{"system": "mrn", "value": "1"}]},
        "details": {"tracking": "T1", "lots": ["L1"]},
    }
    found = describe(only(read(json.dumps(sent))), "x", 0, "US")
    assert found["shipment"] == {"tracking": "T1", "lots": ["L1"]}

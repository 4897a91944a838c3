import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from httpx import Client

from outreach.pipeline import ingest
from outreach.storage.models import InboxEvent, InboxStatus
from tests.web.callers import API_KEY, post_event
from tests.worlds import START, Bench

HL7 = (
    b"MSH|^~\\&|SCHED|CG|OUTREACH|CG|20270301100000||SIU^S12|MSG-1|P|2.5.1\r"
    b"SCH||V-77|||||||4|h|^^^20270310090000||||||||||||||BOOKED\r"
    b"PID|1||P-5^^^CG^MR||Testcase^Robin||19700102|F|||||202-555-0123\r"
    b"AIS|1||INF^Infusion\r"
)
CSV = "patient_id,appointment_id,start\nP-6,V-78,2027-03-10 09:00\n"


def native(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"n{number}",
        "source": "ehr",
        "type": "appointment.booked",
        "occurred_at": START.isoformat(),
        "patient": {"ids": [{"system": "mrn", "value": "P1"}], "family": "Testcase"},
        "appointment": {
            "ids": [{"system": "visit", "value": "A1"}],
            "start": (START + timedelta(days=9)).isoformat(),
            "service": "Infusion",
        },
        **changes,
    }


def stored(bench: Bench) -> list[InboxEvent]:
    with bench.world.db.read() as unit:
        return [row for status in InboxStatus for row in unit.inbox.with_status(status)]


def state(client: Client, event_id: str) -> dict[str, Any]:
    answer = client.get(f"/events/{event_id}", headers={"X-API-Key": API_KEY})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_an_event_is_durable_before_its_sender_hears_yes(client: Client, bench: Bench) -> None:
    body = json.dumps(native()).encode()
    answer = post_event(client, body)
    assert answer.status_code == 202
    [row] = stored(bench)
    assert answer.json() == {"id": str(row.id), "duplicate": False}
    assert row.raw.encode("latin-1") == body
    assert (row.source, row.content_type, row.quiet) == ("http:ehr", "application/json", False)
    assert bench.wakes.stages == ["ingest"]


def test_the_same_event_again_is_acknowledged_as_a_duplicate(client: Client, bench: Bench) -> None:
    first = post_event(client, json.dumps(native())).json()
    again = post_event(client, json.dumps(native()))
    assert again.status_code == 202
    assert again.json() == {"id": first["id"], "duplicate": True}
    assert len(stored(bench)) == 1


def test_what_became_of_it_can_be_asked_without_seeing_it(client: Client, bench: Bench) -> None:
    event_id = post_event(client, json.dumps(native())).json()["id"]
    assert state(client, event_id)["status"] == "received"
    ingest.drain(bench.world)
    found = state(client, event_id)
    assert (found["status"], found["items"]) == ("applied", [])
    assert found["trigger"] == "appointment.booked"
    assert "Testcase" not in json.dumps(found)


def test_every_item_of_a_batch_can_be_asked_about(client: Client, bench: Bench) -> None:
    batch = [native(1), native(2, type="visit.sniffed"), native(3, patient={})]
    event_id = post_event(client, json.dumps(batch)).json()["id"]
    ingest.drain(bench.world)
    found = state(client, event_id)
    assert found["status"] == "split"
    assert [item["status"] for item in found["items"]] == ["applied", "ignored", "quarantined"]
    assert found["items"][2]["reason"]


@pytest.mark.parametrize(
    ("content_type", "body", "kept_as"),
    [
        ("application/hl7-v2", HL7, "application/hl7-v2"),
        ("x-application/hl7-v2+er7; charset=utf-8", HL7, "application/hl7-v2"),
        ("text/csv; charset=utf-8", CSV.encode(), "text/csv"),
        ("Application/JSON;v=1", json.dumps(native()).encode(), "application/json"),
        (
            "application/cloudevents+json",
            json.dumps(
                {
                    "specversion": "1.0",
                    "id": "c1",
                    "source": "/ehr",
                    "type": "appointment.booked",
                    "data": native(),
                }
            ).encode(),
            "application/cloudevents+json",
        ),
        (
            "application/fhir+json",
            json.dumps(
                {
                    "resourceType": "Patient",
                    "id": "p1",
                    "identifier": [{"system": "urn:mrn", "value": "P1"}],
                    "name": [{"family": "Testcase", "given": ["Robin"]}],
                }
            ).encode(),
            "application/fhir+json",
        ),
    ],
)
def test_each_format_is_taken_and_applied(
    client: Client, bench: Bench, content_type: str, body: bytes, kept_as: str
) -> None:
    answer = post_event(client, body, content_type)
    assert answer.status_code == 202, answer.text
    assert [row.content_type for row in stored(bench)] == [kept_as]
    ingest.drain(bench.world)
    assert state(client, answer.json()["id"])["status"] in {"applied", "split"}


def test_a_binary_cloud_event_is_folded_into_its_body(client: Client, bench: Bench) -> None:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": "c%20%C3%A91",
        "ce_source": "/ehr",
        "ce_type": "appointment.booked",
        "ce_time": START.isoformat(),
    }
    answer = post_event(client, json.dumps(native()), **headers)
    again = post_event(client, json.dumps(native()), **headers)
    other = post_event(client, json.dumps(native()), **{**headers, "ce_id": "c2"})
    assert [a.json()["duplicate"] for a in (answer, again, other)] == [False, True, False]
    row = next(row for row in stored(bench) if str(row.id) == answer.json()["id"])
    assert (row.event_id, row.content_type) == ("c é1", "application/cloudevents+json")
    folded = json.loads(row.raw)
    assert (folded["id"], folded["data"]) == ("c é1", native())
    ingest.drain(bench.world)
    assert state(client, answer.json()["id"])["status"] == "applied"


def test_a_binary_cloud_event_may_carry_hl7(client: Client, bench: Bench) -> None:
    answer = post_event(
        client, HL7, "application/hl7-v2", ce_specversion="1.0", ce_id="h1", ce_type="SIU"
    )
    [row] = stored(bench)
    assert base64.b64decode(json.loads(row.raw)["data_base64"]) == HL7
    assert answer.json()["id"] == str(row.id)


def test_the_source_is_named_by_a_header_or_by_the_key(client: Client, bench: Bench) -> None:
    post_event(client, json.dumps(native()), X_Source="clinic-2.east")
    client.post("/events", json=native(), headers={"X-API-Key": "another-secret"})
    assert {row.source for row in stored(bench)} == {"http:clinic-2.east", "http:other"}
    assert post_event(client, json.dumps(native()), X_Source="a b").status_code == 400
    assert post_event(client, json.dumps(native()), X_Source="x" * 61).status_code == 400


def test_a_quiet_load_changes_state_and_texts_nobody(client: Client, bench: Bench) -> None:
    assert post_event(client, json.dumps(native()), query="?quiet=true").status_code == 202
    assert [row.quiet for row in stored(bench)] == [True]
    assert post_event(client, json.dumps(native()), query="?quiet=perhaps").status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {API_KEY}"},
        {"X-API-Key": ""},
        {"X-API-Key": f"ehr:{API_KEY}"},
        {"X-API-Key": API_KEY[:-1]},
    ],
)
def test_without_a_key_nothing_is_taken_or_told(
    client: Client, bench: Bench, headers: dict[str, str]
) -> None:
    for answer in (
        client.post("/events", json=native(), headers=headers),
        client.get(f"/events/{bench.world.new_id()}", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert stored(bench) == []


def test_an_unknown_format_is_refused_by_name(client: Client, bench: Bench) -> None:
    for content_type in ("application/xml", "", "text/html", "multipart/form-data"):
        answer = post_event(client, "<a/>", content_type)
        assert answer.status_code == 415
        assert "application/hl7-v2" in answer.json()["detail"]
    assert stored(bench) == []


def test_a_large_body_is_refused_whether_or_not_it_says_its_size(
    client: Client, bench: Bench
) -> None:
    assert post_event(client, b"[" + b" " * 3_000_000).status_code == 413
    chunks = (b"x" * 50_000 for _ in range(40))
    headers = {"X-API-Key": API_KEY, "Content-Type": "application/json"}
    answer = client.post("/events", content=chunks, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["title"]
    assert post_event(client, b"\x1f\x8b", Content_Encoding="gzip").status_code == 415
    assert stored(bench) == []


def test_what_cannot_be_read_is_kept_and_its_sender_told_where(
    client: Client, bench: Bench
) -> None:
    answer = post_event(client, b'{"id": "n1",\n "patient": Robin}')
    assert answer.status_code == 400
    problem = answer.json()
    assert "line 2" in problem["detail"]
    assert "Robin" not in answer.text
    ingest.drain(bench.world)
    assert state(client, problem["id"])["status"] == "quarantined"


def test_what_contradicts_itself_is_kept_and_refused(client: Client, bench: Bench) -> None:
    answer = post_event(client, json.dumps(native(patient={})))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["errors"][0]["code"] == "required"
    ingest.drain(bench.world)
    assert state(client, problem["id"])["status"] == "quarantined"


def test_a_fhir_sender_hears_it_in_fhir(client: Client) -> None:
    answer = post_event(client, b"{]", "application/fhir+json")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/fhir+json"
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert [issue["severity"] for issue in outcome["issue"]] == ["error"]


@pytest.mark.parametrize("body", [b"", b"\0\0", b"[" * 100_000, b'{"id": NaN}', b'"\\ud800"'])
def test_hostile_bytes_get_an_answer(client: Client, body: bytes) -> None:
    assert post_event(client, body).status_code in {400, 422}


def test_an_unknown_event_is_not_found(client: Client, bench: Bench) -> None:
    for event_id in (str(bench.world.new_id()), "1"):
        answer = client.get(f"/events/{event_id}", headers={"X-API-Key": API_KEY})
        assert answer.status_code in {400, 404}
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_openapi_document_names_the_formats(client: Client) -> None:
    document = client.get("/openapi.json").json()
    content = document["paths"]["/events"]["post"]["requestBody"]["content"]
    assert "application/hl7-v2" in content

"""Pictures: from a patient's phone to the page of staff, and to nobody else."""

import base64
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from httpx import Client

from outreach.channels.twilio_media import MediaConfig, TwilioMedia
from outreach.clocks import SystemClock
from outreach.domain.states import ChannelKind
from outreach.pipeline import reply, triage
from outreach.sandbox import SandboxConfig, running_sandbox
from outreach.storage.models import FollowUp, Media
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.server import running
from tests.pipeline.rows import work
from tests.web.callers import caller
from tests.web.test_followups import STAFFED, sign_in
from tests.worlds import PHONE, Bench, make_bench

JPEG = b"\xff\xd8\xff" + b"rash" * 50
HEIC = b"\x00\x00\x00\x18ftypheic" + b"0" * 50


@pytest.fixture
def staff(bench: Bench) -> Iterator[Client]:
    with running(create_app(bench.world, STAFFED)) as url, caller(url) as client:
        yield client


def write(bench: Bench, *files: bytes, sid: str = "mail:1", body: str = "look at this") -> FollowUp:
    bench.event("patient.updated", patient_={"phone": PHONE, "email": "robin@example.org"})
    inbound = reply.Inbound(
        sid, ChannelKind.EMAIL, "robin@example.org", "care@x", body, media=len(files), files=files
    )
    reply.receive(bench.world, inbound)
    triage.drain(bench.world)
    return work(bench)[-1]


def files_of(bench: Bench) -> list[Media]:
    with bench.world.db.read() as unit:
        return unit.inbound.media_of([row.id for row in unit.replies.everything()])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def path_of(item: FollowUp, file: Media) -> str:
    return f"/followups/{item.code}/pictures/{file.id.hex}"


def test_staff_who_are_signed_in_see_it(staff: Client, bench: Bench) -> None:
    item = write(bench, JPEG)
    (file,) = files_of(bench)
    sign_in(staff)
    assert f'<img src="{path_of(item, file)}"' in staff.get(f"/followups/{item.code}").text
    answer = staff.get(path_of(item, file))
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_nobody_else_sees_it(staff: Client, bench: Bench) -> None:
    item = write(bench, JPEG)
    (file,) = files_of(bench)
    answer = staff.get(path_of(item, file))
    assert answer.status_code in {303, 401, 403}
    assert JPEG not in answer.content


def test_it_is_reached_by_the_items_of_its_own_reply_alone(staff: Client, bench: Bench) -> None:
    write(bench, JPEG)
    bench.clock.advance(timedelta(minutes=2))
    other = write(bench, JPEG[:-4], sid="mail:2")
    first, _ = files_of(bench)
    sign_in(staff)
    for wrong in (
        path_of(other, first),
        f"/followups/NOPE1/pictures/{first.id.hex}",
        f"/followups/{other.code}/pictures/not-an-id",
        f"/followups/{other.code}/pictures/{'0' * 32}",
        f"/followups/{other.code}/pictures/..%2f..%2fetc",
    ):
        assert staff.get(wrong).status_code == 404


def test_what_a_browser_does_not_show_is_a_file_to_open(staff: Client, bench: Bench) -> None:
    item = write(bench, HEIC)
    (file,) = files_of(bench)
    sign_in(staff)
    page = staff.get(f"/followups/{item.code}").text
    assert "<img" not in page
    assert path_of(item, file) in page
    assert staff.get(path_of(item, file)).headers["content-disposition"].startswith("attachment")


def test_a_file_that_is_no_picture_is_told_and_not_given(staff: Client, bench: Bench) -> None:
    item = write(bench, b"<svg onload=alert(1)>")
    (file,) = files_of(bench)
    sign_in(staff)
    assert "no picture" in staff.get(f"/followups/{item.code}").text
    assert staff.get(path_of(item, file)).status_code == 404


def test_no_log_holds_what_a_picture_shows_or_where_it_is(
    staff: Client, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    item = write(bench, JPEG)
    sign_in(staff)
    staff.get(path_of(item, files_of(bench)[0]))
    told = "".join(capsys.readouterr())
    assert PHONE not in told
    assert "rash" not in told


def test_from_a_phone_of_the_sandbox_to_the_page(database_url: str, tmp_path: Path) -> None:
    """The carrier's signed webhook, the fetch with credentials, the page: nothing in between."""
    bench = make_bench(database_url)
    bench.event("patient.updated", patient_={"phone": PHONE})
    token = "sandbox-auth-token"
    with ExitStack() as stack:
        carrier = SandboxConfig(record_path=tmp_path / "carrier.db", clock=SystemClock())
        port = free_port()  # known before: what is signed begins with the address
        public = WebConfig(f"http://127.0.0.1:{port}", twilio_tokens=(token,))
        app = stack.enter_context(running(create_app(bench.world, public), port))
        config = replace(carrier, app_url=app)
        sandbox = stack.enter_context(running_sandbox(config))
        phone = stack.enter_context(caller(sandbox))
        picture = {"content": base64.b64encode(JPEG).decode(), "kind": "text/html"}
        text = {"from": PHONE, "body": "", "media": [picture]}
        phone.post("/sandbox/inbound", json=text).raise_for_status()
        deadline = monotonic() + 10
        while not files_of(bench) and monotonic() < deadline:
            sleep(0.02)
        media = TwilioMedia(MediaConfig(config.account_sid, token, sandbox))
        replace(bench, world=replace(bench.world, media=media)).run()
        (file,) = files_of(bench)
        assert (file.status, file.kind) == ("stored", "image/jpeg")
        (item,) = work(bench)
        assert (item.kind, item.priority) == ("photo", "same_day")
        browser = stack.enter_context(caller(app))
        assert browser.get(path_of(item, file)).content == JPEG
    bench.world.db.close()

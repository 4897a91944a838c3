"""Pictures from Twilio: with our credentials there, without them elsewhere, and never too much."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from outreach.channels.twilio_media import MediaConfig, TwilioMedia
from outreach.pipeline.ports import Fetched, FetchKind

ACCOUNT = "AC" + "1" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'2' * 32}/Media/ME{'3' * 32}"
JPEG = b"\xff\xd8\xff picture"
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A store that answers by path and remembers who asked with which credentials."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[str, Answer] = {}
        self.url = ""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@contextmanager
def serving() -> Iterator[Server]:
    made = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers.get("Authorization", "")))
            made.answers.get(self.path, status(404))(self)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=http.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield made
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def status(code: int, location: str = "") -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        if location:
            handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def content(data: bytes, *, told: bool = True) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        if told:
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(data)

    return answer


def fetch(server: Server, path: str = PATH, most: int = 1000, **rest: float) -> Fetched:
    config = MediaConfig(ACCOUNT, "token", base_url=server.url, **rest)
    return TwilioMedia(config).fetch(server.url + path, most)


def test_a_file_is_fetched_with_the_accounts_credentials(server: Server) -> None:
    server.answers[PATH] = content(JPEG)
    assert fetch(server) == Fetched(FetchKind.GOT, JPEG)
    pair = base64.b64encode(f"{ACCOUNT}:token".encode()).decode()
    assert server.asked == [(PATH, f"Basic {pair}")]


def test_a_redirect_within_the_same_store_is_followed(server: Server) -> None:
    server.answers[PATH] = status(307, "/store/1")
    server.answers["/store/1"] = content(JPEG)
    assert fetch(server).content == JPEG


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://evil.example/a.jpg",
        "https://twilio.com.evil.example/a.jpg",
        "http://media.twiliocdn.com/a.jpg",
        "https://media.twiliocdn.com:8443/a.jpg",
        "file:///etc/passwd",
    ],
)
def test_no_redirect_leads_out_of_twilios_stores(server: Server, elsewhere: str) -> None:
    server.answers[PATH] = status(302, elsewhere)
    got = fetch(server)
    assert (got.kind, got.detail) == (FetchKind.GONE, "ElsewhereRefused")
    assert len(server.asked) == 1


def test_another_server_never_sees_the_credentials(server: Server) -> None:
    with serving() as other:
        server.answers[PATH] = status(302, f"{other.url}{PATH}")
        assert fetch(server).kind is FetchKind.GONE
        assert other.asked == []


def test_a_ring_of_redirects_ends(server: Server) -> None:
    server.answers[PATH] = status(307, PATH)
    assert fetch(server).detail == "TooManyRedirects"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example" + PATH,
        "{base}/2010-04-01/Accounts/AC" + "9" * 32 + "/Messages/MM/Media/ME",
        "{base}" + PATH + "/../../../Recordings",
        "{base}" + PATH + "?a=b",
        "{base}.evil.example" + PATH,
        "",
        "http://[",
    ],
)
def test_an_address_that_is_not_our_accounts_is_never_asked(server: Server, url: str) -> None:
    media = TwilioMedia(MediaConfig(ACCOUNT, "token", base_url=server.url))
    assert media.fetch(url.replace("{base}", server.url), 1000).kind is FetchKind.GONE
    assert server.asked == []


@pytest.mark.parametrize("told", [True, False])
def test_a_file_that_is_too_large_is_not_read_to_its_end(server: Server, told: bool) -> None:
    server.answers[PATH] = content(b"x" * 2_000_000, told=told)
    assert fetch(server) == Fetched(FetchKind.TOO_LARGE)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (404, FetchKind.GONE),
        (410, FetchKind.GONE),
        (401, FetchKind.LATER),
        (429, FetchKind.LATER),
        (500, FetchKind.LATER),
    ],
)
def test_what_may_get_better_is_tried_later(server: Server, code: int, kind: FetchKind) -> None:
    server.answers[PATH] = status(code)
    assert fetch(server).kind is kind


def test_a_server_that_is_away_or_slow_is_tried_later(server: Server) -> None:
    def hang(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(1)

    server.answers[PATH] = hang
    assert fetch(server, seconds=0.3).kind is FetchKind.LATER
    away = TwilioMedia(MediaConfig(ACCOUNT, "token", base_url="http://127.0.0.1:9"))
    assert away.fetch(f"http://127.0.0.1:9{PATH}", 1000).kind is FetchKind.LATER

"""The embedded Redis serves Celery's transport, keeps its promises and leaves nothing behind."""

from pathlib import Path

import kombu
import pytest
import redis

from outreach.domain.errors import Unavailable
from outreach.embedded.places import fits_socket
from outreach.embedded.redis_server import find_redis, start_redis
from tests import servers
from tests.embedded.processes import runs

real_redis = pytest.mark.usefixtures("redis_binary")


@pytest.fixture
def redis_binary() -> None:
    if find_redis() is None:
        servers.missing("no Redis found: neither its wheel nor redis-server on PATH")


def carry(url: str) -> object:
    """One message through the broker, as Celery would send and take it."""
    with (
        kombu.Connection(url) as connection,
        connection.SimpleQueue("urgent") as queue,
    ):
        queue.put({"stage": "due"})
        message = queue.get(timeout=5)
        message.ack()
        return message.payload


@pytest.mark.redis
@real_redis
@pytest.mark.parametrize("folder", ["data", "a folder, with spaces & 50%", "deep/" * 30])
def test_messages_travel_from_any_directory(tmp_path: Path, folder: str) -> None:
    server = start_redis(tmp_path / folder)
    assert server is not None
    with server:
        assert fits_socket(server.socket)
        assert carry(server.broker_url) == {"stage": "due"}
        with redis.Redis.from_url(server.client_url) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert not runs(server.program.pid)
    assert not server.socket.exists()
    assert server.temporary is None or not server.temporary.exists()


@pytest.mark.redis
@real_redis
@pytest.mark.parametrize(("durable", "kept"), [(True, b"kept"), (False, None)])
def test_a_durable_server_remembers(tmp_path: Path, durable: bool, kept: bytes | None) -> None:
    for value in ("kept", None):
        server = start_redis(tmp_path, durable=durable)
        assert server is not None
        with server, redis.Redis.from_url(server.client_url) as client:
            if value is not None:
                client.set("key", value)
            else:
                assert client.get("key") == kept


@pytest.mark.redis
@real_redis
def test_a_killed_server_starts_again_in_the_same_place(tmp_path: Path) -> None:
    first = start_redis(tmp_path)
    assert first is not None
    first.program.stop(grace=0)
    second = start_redis(tmp_path)
    assert second is not None
    with second:
        assert carry(second.broker_url) == {"stage": "due"}


@pytest.mark.redis
@real_redis
def test_a_server_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").mkdir()
    with pytest.raises(Unavailable, match=r"redis ended with exit code 1; see .*redis\.log"):
        start_redis(tmp_path, durable=True)


def test_without_a_binary_the_caller_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis() is None
    assert start_redis(tmp_path / "data") is None


def test_a_binary_on_path_is_the_second_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "valkey-server"
    server.touch(mode=0o755)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_redis()
    assert found is not None
    assert (found.path, found.origin) == (server, "valkey-server on PATH")

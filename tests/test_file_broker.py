"""The broker of plain files: each message is taken once, and whole, however many take and put."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from threading import Event

import pytest
from celery import Celery
from kombu import Connection
from kombu.exceptions import ChannelError

from outreach.file_broker import Channel
from outreach.wakeup import broker_settings

EACH, WRITERS, READERS = 250, 3, 3


def app(folder: Path) -> Celery:
    made = Celery(set_as_current=False)
    made.conf.update(broker_settings(f"filesystem://{folder}"))
    return made


def channel_of(connection: Connection) -> Channel:
    channel = connection.default_channel
    assert isinstance(channel, Channel)
    return channel


def put(folder: Path) -> None:
    celery = app(folder)
    for _ in range(EACH):
        celery.send_task("outreach.due", queue="send")


def take(folder: Path, over: Event) -> int:
    taken = 0
    with app(folder).connection_for_read() as connection:
        while True:
            last = over.is_set()
            try:
                assert channel_of(connection)._get("send")["headers"]["task"] == "outreach.due"
                taken += 1
            except Empty:
                if last:
                    return taken


def test_every_message_is_taken_once_and_whole(tmp_path: Path) -> None:
    folder, over = tmp_path / "a folder", Event()
    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        readers = [pool.submit(take, folder, over) for _ in range(READERS)]
        writers = [pool.submit(put, folder) for _ in range(WRITERS)]
        try:
            for one in writers:
                one.result()
        finally:
            over.set()
        assert sum(one.result() for one in readers) == EACH * WRITERS


def test_a_message_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with app(tmp_path).connection_for_write() as connection:
        channel = channel_of(connection)
        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(ChannelError, match="Cannot put"):
            channel._put("send", {"body": ""})
    assert list((tmp_path / "queue").iterdir()) == []

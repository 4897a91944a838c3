"""A broker of plain files, for a machine without any server: kombu's own, but whole messages alone.

Kombu's transport writes a message under its final name, where another process may take it before a
word of it is written. That reader fails on an empty message, and the wake-up is lost.
"""

from pathlib import Path
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps

TRANSPORT = "outreach.file_broker:Transport"
"""What Celery's setting ``broker_transport`` calls it."""


class Channel(filesystem.Channel):
    """Puts each message into its folder whole, by renaming it."""

    def _put(  # type: ignore[override]  # kombu's own signatures disagree on a name
        self, queue: str, payload: dict[str, Any], **_: Any
    ) -> None:
        """Raises ChannelError when the disk is full or the folder is gone; then nothing was put."""
        folder, name = Path(self.data_folder_out), uuid4().hex
        part = folder / f".{name}.part"
        try:
            part.write_bytes(dumps(payload).encode())
            part.replace(folder / f"{monotonic_ns():020}_{name}.{queue}.msg")
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ChannelError(f"Cannot put a message into {folder}.") from error


class Transport(filesystem.Transport):
    """Kombu's filesystem transport with these channels."""

    Channel = Channel

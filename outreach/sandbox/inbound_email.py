"""An email that somebody writes to the clinic, in the form in which Inbound Parse posts it."""

import json
import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InboundEmail:
    """One email."""

    sender: str
    recipient: str
    subject: str
    text: str
    headers: str = ""
    files: tuple[bytes, ...] = ()

    def multipart(self, boundary: str) -> bytes:
        """The fields that an app reads, as a form; each call is an email of its own."""
        own_id = f"Message-ID: <{uuid.uuid4()}@sandbox.invalid>"
        fields = {
            "headers": "\n".join(part for part in (own_id, self.headers) if part),
            "from": self.sender,
            "to": self.recipient,
            "subject": self.subject,
            "text": self.text,
            "envelope": json.dumps({"to": [self.recipient], "from": self.sender}),
            "charsets": json.dumps(dict.fromkeys(("from", "to", "subject", "text"), "UTF-8")),
            "attachments": str(len(self.files)),
        }
        parts = [
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
            for name, value in fields.items()
        ]
        for number, content in enumerate(self.files, 1):
            head = f'form-data; name="attachment{number}"; filename="photo{number}"'
            parts.append(f"Content-Disposition: {head}\r\n\r\n".encode() + content)
        mark = f"--{boundary}".encode()
        return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"

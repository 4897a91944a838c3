"""A Twilio- and SendGrid-compatible carrier on localhost, with phones to look at and reply from."""

from outreach.sandbox.app import create_sandbox
from outreach.sandbox.config import Pace, ReceiptOrder, SandboxConfig
from outreach.sandbox.server import SandboxServer, running_sandbox, serve

__all__ = [
    "Pace",
    "ReceiptOrder",
    "SandboxConfig",
    "SandboxServer",
    "create_sandbox",
    "running_sandbox",
    "serve",
]

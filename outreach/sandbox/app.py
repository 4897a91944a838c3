"""The sandbox as one FastAPI application: carrier endpoints, switches, and the phones page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from outreach.sandbox.carrier import Carrier
from outreach.sandbox.config import SandboxConfig
from outreach.sandbox.consents_api import ConsentsApi
from outreach.sandbox.control import control_routes
from outreach.sandbox.media_store import media_routes
from outreach.sandbox.phones import phone_routes
from outreach.sandbox.sendgrid_api import SendGridApi
from outreach.sandbox.twilio_api import TwilioApi
from outreach.sandbox.twilio_auth import Door

_STATIC = Path(__file__).parent / "static"


def create_sandbox(config: SandboxConfig) -> FastAPI:
    """A carrier that answers as soon as its lifespan has begun.

    It keeps its record in ``config.record_path`` and goes on where the last run stopped.
    """
    carrier = Carrier(config)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await carrier.open()
        yield
        await carrier.close()

    app = FastAPI(title="Outreach sandbox carrier", lifespan=lifespan)
    app.state.carrier = carrier
    app.router.routes[:0] = [
        *TwilioApi(carrier).routes(),
        *media_routes(carrier.media, Door(config)),
        *ConsentsApi(carrier).routes(),
        *SendGridApi(carrier).routes(),
    ]
    app.include_router(control_routes(carrier))
    app.include_router(phone_routes(carrier))
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/phones")

    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    return app

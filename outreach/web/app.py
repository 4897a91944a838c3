"""The web application: every route, and the layers around them."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import RedirectResponse

from outreach.pipeline.world import World
from outreach.web import problems
from outreach.web.api.events import event_routes
from outreach.web.api.staff_messages import staff_message_routes
from outreach.web.calls import CallPages
from outreach.web.config import WebConfig
from outreach.web.conversations import ConversationPages
from outreach.web.edge import edge_of
from outreach.web.followups import FollowUpPages
from outreach.web.guard import Guard
from outreach.web.health import BrokerProbe, health_routes
from outreach.web.pages import STATIC
from outreach.web.pictures import Pictures
from outreach.web.sign_in import SignInNeeded, StaffDoor, ask_to_sign_in, sign_in_routes
from outreach.web.unsubscribe import unsubscribe_routes
from outreach.web.webhooks.inbound_mail import InboundMail
from outreach.web.webhooks.sendgrid import SendGridWebhook
from outreach.web.webhooks.twilio import TwilioWebhooks
from outreach.web.webhooks.twilio_pages import TwilioPages
from outreach.web.webhooks.twilio_voice import TwilioVoice


def create_app(world: World, config: WebConfig, broker: BrokerProbe | None = None) -> FastAPI:
    """An application over ``world``, which its owner closes.

    Args:
        broker: whether the broker answers; reported by ``/health/ready``.

    Raises:
        ConfigurationError: a verification key is none.
    """
    edge = edge_of(world, config)
    door = StaffDoor(config, world.machine_clock)
    app = FastAPI(title="Outreach", docs_url=None, redoc_url=None)
    app.add_middleware(Guard, encrypted=config.is_encrypted)
    problems.register(app)
    app.add_exception_handler(SignInNeeded, ask_to_sign_in)
    app.router.routes[:0] = [
        *TwilioWebhooks(edge).routes(),
        *TwilioVoice(edge).routes(),
        *TwilioPages(edge).routes(),
        *SendGridWebhook(edge).routes(),
        *InboundMail(edge).routes(),
        *FollowUpPages(edge, door).routes(),
        *CallPages(edge, door).routes(),
        *ConversationPages(edge, door).routes(),
        *Pictures(edge, door).routes(),
    ]
    app.include_router(event_routes(edge))
    app.include_router(staff_message_routes(edge))
    app.include_router(health_routes(edge, broker))
    app.include_router(unsubscribe_routes(edge))
    app.include_router(sign_in_routes(edge, door))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/followups", status_code=303)

    return app

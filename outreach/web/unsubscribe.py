"""The way out of email that every email carries (RFC 8058): a link for people, one POST for mail
programs. Looking at the page changes nothing, because mail scanners open links too.
"""

from functools import partial
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from outreach.channels.unsubscribe import UNSUBSCRIBE_PATH
from outreach.pipeline.outcomes import mail_events
from outreach.web.edge import Edge
from outreach.web.pages import page


def unsubscribe_routes(edge: Edge) -> APIRouter:
    """The page and its button, or the mail program's. The id in the address is the permission."""
    router = APIRouter(include_in_schema=False)
    clinic = edge.world.clinic
    address = f"{UNSUBSCRIBE_PATH}{{message_id}}"

    @router.get(address)
    async def ask() -> Response:
        return page("unsubscribe", {"clinic": clinic, "done": None})

    @router.post(address)
    async def unsubscribe(message_id: UUID) -> Response:
        done = await edge.run(partial(mail_events.unsubscribe, edge.world, message_id))
        return page("unsubscribe", {"clinic": clinic, "done": done}, 200 if done else 404)

    return router

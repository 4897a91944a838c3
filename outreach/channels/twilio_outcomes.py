"""What one try at Twilio's create call told us: accepted, rejected, not sent, or unknown.

There is no idempotency key, so this is where a doubled text is prevented: only what certainly
never reached Twilio, or was refused unread, may be called not sent.
"""

from uuid import UUID

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.rest.api.v2010.account.message import MessageInstance

from outreach.channels.twilio_http import Answer
from outreach.pipeline.ports import ResultKind, SendResult

_TOO_MANY = 20429
_LOWEST_CODE = 10_000
"""The SDK invents ``code = HTTP status`` for a body without a code: those are not codes."""

_NEVER_LEFT: tuple[type[BaseException], ...] = (
    aiohttp.ClientConnectorError,  # refused, no route, DNS, TLS
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


def accepted(message_id: UUID, message: MessageInstance, answer: Answer | None) -> SendResult:
    """The result of a 2xx answer; unknown when it lacks the SID that would prove it."""
    status = None if answer is None else answer.status
    if not isinstance(message.sid, str) or not message.sid:
        return SendResult(
            message_id, ResultKind.UNKNOWN, http_status=status, detail="UnreadableAnswer"
        )
    segments = str(message.num_segments or "")
    return SendResult(
        message_id,
        ResultKind.ACCEPTED,
        provider_id=message.sid,
        status=message.status,
        sender=message.from_,
        segments=int(segments) if segments.isdigit() and segments != "0" else None,
        http_status=status,
    )


def failed(message_id: UUID, error: BaseException, answer: Answer | None) -> SendResult:
    """The result of a send that raised. Holds the class of the failure, never its text."""
    detail = type(error).__name__
    if isinstance(error, _NEVER_LEFT):
        return SendResult(message_id, ResultKind.NOT_SENT, detail=detail)
    if answer is None or not isinstance(error, TwilioException) or answer.status < 300:
        return SendResult(
            message_id,
            ResultKind.UNKNOWN,
            http_status=None if answer is None else answer.status,
            detail=detail,
        )
    code = error_code_of(error)
    return SendResult(
        message_id,
        _refusal(answer.status, code),
        error_code=code,
        http_status=answer.status,
        retry_after=answer.retry_after,
        detail=detail,
    )


def is_congestion(result: SendResult) -> bool:
    """Whether a try failed because the provider has too much to do: 429, 503, or no answer."""
    if result.http_status in {429, 503} or result.error_code == _TOO_MANY:
        return True
    return result.kind is ResultKind.UNKNOWN and result.http_status is None


def error_code_of(error: TwilioException) -> int | None:
    """Twilio's own code in an SDK exception; None when the answer held none."""
    try:
        code = int(getattr(error, "code", None) or 0)
    except (TypeError, ValueError):
        return None
    return code if code >= _LOWEST_CODE else None


def _refusal(status: int, code: int | None) -> ResultKind:
    if status == 429 or code == _TOO_MANY:
        return ResultKind.NOT_SENT
    # 408 comes from a gateway that may have passed the request on.
    if status >= 500 or status == 408:
        return ResultKind.UNKNOWN
    return ResultKind.REJECTED

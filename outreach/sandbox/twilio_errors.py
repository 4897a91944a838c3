"""Refusals of the Twilio part, by code: the HTTP status and what is wrong."""

from starlette.responses import JSONResponse

_REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "A parameter is not understood."),
    20003: (401, "The account SID or the auth token is wrong."),
    20404: (404, "There is no such resource."),
    20429: (429, "Too many requests at once."),
    20500: (500, "Something broke."),
    21205: (400, "Url is not a web address."),
    21211: (400, "To is not a phone number."),
    21212: (400, "From is not a phone number."),
    21408: (400, "The account may not text this country."),
    21602: (400, "Body is missing."),
    21603: (400, "From or MessagingServiceSid is missing."),
    21604: (400, "To is missing."),
    21606: (400, "From is not a number of this account."),
    21609: (400, "StatusCallback is not a web address."),
    21610: (400, "The recipient has replied STOP to this sender."),
    21611: (429, "The queue of this sender is full."),
    21612: (400, "There is no route from this sender to this number."),
    21614: (400, "To is not a mobile number."),
    21617: (400, "Body is longer than 1600 characters."),
    21701: (400, "The messaging service does not exist."),
    30400: (400, "Give either an empty Body or Status=canceled."),
    30409: (409, "The message is finished and cannot be canceled."),
    20009: (409, "The message is under way and cannot be redacted."),
    90007: (400, "ValidityPeriod is outside 1 to 36000 seconds."),
}

MAGIC_TO: dict[str, int] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
"""Twilio's test recipients, each with the code it is refused with."""

MAGIC_FROM: dict[str, int] = {
    "+15005550001": 21212,
    "+15005550007": 21606,
    "+15005550008": 21611,
}
MAGIC_FROM_OK = "+15005550006"


class Refusal(Exception):
    """The request is refused with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def refusal(code: int, headers: dict[str, str] | None = None) -> JSONResponse:
    """Twilio's error body."""
    status, message = _REFUSALS.get(code, (400, "It was ordered to be refused."))
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return JSONResponse(body, status, headers)

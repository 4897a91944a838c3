"""Twilio's ``Message`` resource: reading a create request, showing a message as JSON."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from outreach.sandbox.calls import CallOrder
from outreach.sandbox.carrier import Carrier, TextOrder
from outreach.sandbox.config import SandboxConfig
from outreach.sandbox.message import Message, Origin
from outreach.sandbox.record import ListQuery
from outreach.sandbox.twilio_errors import MAGIC_FROM, MAGIC_FROM_OK, MAGIC_TO, Refusal

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_LONGEST_BODY = 1600
_LONGEST_VALIDITY = 36_000
_LARGEST_PAGE = 1000


def parse_form(raw: bytes) -> dict[str, str]:
    """A posted form; of a repeated field the last value counts."""
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def read_order(form: Mapping[str, str], carrier: Carrier) -> TextOrder:
    """A create request, checked as Twilio checks it.

    Raises:
        Refusal: with Twilio's code for the first thing that is wrong.
    """
    to, body = form.get("To", ""), form.get("Body", "")
    _check_recipient(to)
    sender, service = _check_sender(form, carrier.config)
    if not body:
        raise Refusal(21602)
    if len(body) > _LONGEST_BODY:
        raise Refusal(21617)
    callback = form.get("StatusCallback", "")
    if callback and urlsplit(callback).scheme not in ("http", "https"):
        raise Refusal(21609)
    if "SendAt" in form:
        raise Refusal(20001)  # the sandbox schedules nothing: better refused than sent at once
    validity = _check_validity(form.get("ValidityPeriod", str(_LONGEST_VALIDITY)))
    if carrier.patients.has_opted_out(to):
        raise Refusal(21610)
    return TextOrder(to, body, sender, service, callback, validity)


def read_call(form: Mapping[str, str], events: Sequence[str], carrier: Carrier) -> CallOrder:
    """A request for a call, checked as Twilio checks it; ``events`` are those asked for.

    Raises:
        Refusal: with Twilio's code for the first thing that is wrong.
    """
    _check_recipient(form.get("To", ""))
    sender, service = _check_sender(form, carrier.config)
    if sender is None or service is not None:
        raise Refusal(21603)
    url, callback = form.get("Url", ""), form.get("StatusCallback", "")
    if urlsplit(url).scheme not in ("http", "https"):
        raise Refusal(21205)
    if callback and urlsplit(callback).scheme not in ("http", "https"):
        raise Refusal(21609)
    return CallOrder(form["To"], sender, url, callback, frozenset(events or ("completed",)))


def shown_call(call: Message, config: SandboxConfig) -> dict[str, object]:
    """The ``Call`` resource."""
    uri = f"/2010-04-01/Accounts/{config.account_sid}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": config.account_sid,
        "api_version": "2010-04-01",
        "from": call.sender,
        "to": call.recipient,
        "status": call.status,
        "direction": "outbound-api",
        "answered_by": None,
        "duration": None,
        "price": None,
        "price_unit": "USD",
        "date_created": _rfc2822(call.created_at),
        "date_updated": _rfc2822(call.updated_at or call.created_at),
        "start_time": None,
        "end_time": None,
        "uri": f"{uri}.json",
        "subresource_uris": {},
    }


def shown(message: Message, config: SandboxConfig, fresh: bool = False) -> dict[str, object]:
    """The resource. ``fresh`` is the answer to create: no sender is chosen yet for a service."""
    unassigned = fresh and message.service is not None
    uri = f"/2010-04-01/Accounts/{config.account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": config.account_sid,
        "api_version": "2010-04-01",
        "messaging_service_sid": message.service,
        "from": None if unassigned else message.sender,
        "to": message.recipient,
        "body": "" if message.redacted else message.body,
        "status": message.status,
        "direction": "inbound" if message.origin is Origin.PATIENT else "outbound-api",
        "num_segments": "0" if unassigned else str(message.segments),
        "num_media": "0",
        "error_code": message.error_code,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "date_created": _rfc2822(message.created_at),
        "date_updated": _rfc2822(message.updated_at or message.created_at),
        "date_sent": _rfc2822(message.sent_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def read_query(params: Mapping[str, str]) -> ListQuery:
    """The filters of a list request.

    Raises:
        Refusal: a date, a page or a page size cannot be read.
    """
    on = _day(params.get("DateSent"))
    size = params.get("PageSize", "50")
    token = params.get("PageToken", "")
    if not size.isdigit() or not 1 <= int(size) <= _LARGEST_PAGE:
        raise Refusal(20001)
    if token and not token.removeprefix("PA").isdigit():
        raise Refusal(20001)
    return ListQuery(
        to=params.get("To"),
        sender=params.get("From"),
        sent_from=on or _day(params.get("DateSent>")),
        sent_until=on or _day(params.get("DateSent<")),
        before_seq=int(token.removeprefix("PA")) if token else None,
        limit=int(size),
    )


def page(
    messages: list[Message], params: Mapping[str, str], query: ListQuery, config: SandboxConfig
) -> dict[str, object]:
    """One page of a list; the next one is reached by the token in ``next_page_uri``."""
    path = f"/2010-04-01/Accounts/{config.account_sid}/Messages.json"
    number = int(params.get("Page", "0")) if params.get("Page", "0").isdigit() else 0
    kept = {k: v for k, v in params.items() if k not in ("Page", "PageToken")}
    following = None
    if len(messages) == query.limit:
        further = {**kept, "Page": str(number + 1), "PageToken": f"PA{messages[-1].seq}"}
        following = f"{path}?{urlencode(further)}"
    return {
        "messages": [shown(message, config) for message in messages],
        "page": number,
        "page_size": query.limit,
        "start": number * query.limit,
        "end": number * query.limit + max(len(messages) - 1, 0),
        "uri": f"{path}?{urlencode(params)}",
        "first_page_uri": f"{path}?{urlencode({**kept, 'Page': '0'})}",
        "previous_page_uri": None,
        "next_page_uri": following,
    }


def _check_recipient(to: str) -> None:
    if not to:
        raise Refusal(21604)
    if to in MAGIC_TO:
        raise Refusal(MAGIC_TO[to])
    if not _E164.fullmatch(to):
        raise Refusal(21211)


def _check_sender(form: Mapping[str, str], config: SandboxConfig) -> tuple[str | None, str | None]:
    sender, service = form.get("From") or None, form.get("MessagingServiceSid") or None
    if sender is None and service is None:
        raise Refusal(21603)
    if service is not None and service not in config.service_sids:
        raise Refusal(21701)
    if sender is not None:
        if sender in MAGIC_FROM:
            raise Refusal(MAGIC_FROM[sender])
        if sender not in config.numbers and not _E164.fullmatch(sender):
            raise Refusal(21212)
        if sender != MAGIC_FROM_OK and sender not in config.numbers:
            raise Refusal(21606)
    return sender, service


def _check_validity(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _LONGEST_VALIDITY:
        raise Refusal(90007)
    return int(text)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise Refusal(20001) from None


def _rfc2822(at: datetime | None) -> str | None:
    return None if at is None else format_datetime(at)
